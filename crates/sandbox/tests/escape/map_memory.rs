//! Taking more memory than the limit.

use crate::{Layer, WayOut, nothing};
use std::io;

/// Four times the limit of these tests.
const TOO_MUCH: usize = 1 << 30;

fn attempt(_: &str) -> io::Result<()> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(TOO_MUCH).map_err(|_| io::ErrorKind::OutOfMemory)?;
    room.resize(1, 1);
    std::hint::black_box(&room);
    Ok(())
}

pub(crate) const WAY_OUT: WayOut =
    WayOut { name: "no_memory_beyond_the_limit", attempt, prepare: nothing, held_by: &[Layer::Limits] };
