//! How a worker that waits is told what to do: one message with its orders, and the descriptors that it is to have.
//!
//! The message comes from the supervisor, before the worker has read anything of a stranger. There is one at most, and with
//! it the worker lets go of the socket.

use crate::limits::Orders;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Longer than any summons with arguments of ours. What is longer is no message, and its worker is started the usual way.
const SUMMONS_BYTES: usize = 16 << 10;

/// What a worker is told, beside its descriptors.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summons {
    pub(crate) orders: Orders,
    /// What `worker_arguments` returns.
    pub(crate) arguments: Vec<String>,
}

/// What a worker has from its summons.
#[derive(Debug)]
pub(crate) struct Summoned {
    pub(crate) summons: Summons,
    pub(crate) input: OwnedFd,
    pub(crate) scratch: Option<OwnedFd>,
}

/// Summons the worker at the other end. Nothing blocks here: the socket is empty, and has room for one message.
pub(crate) fn send(
    socket: impl AsFd,
    summons: &Summons,
    input: BorrowedFd<'_>,
    scratch: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let text = serde_json::to_vec(summons)?;
    if text.len() > SUMMONS_BYTES {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let descriptors: Vec<BorrowedFd<'_>> = std::iter::once(input).chain(scratch).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // A worker that is gone is an error and no signal.
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let sent = sendmsg(socket, &[IoSlice::new(&text)], &mut ancillary, flags)?;
    if sent == text.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Waits for the summons; `None` if the supervisor let go of this worker.
pub(crate) fn receive(socket: impl AsFd) -> io::Result<Option<Summoned>> {
    let mut text = vec![0; SUMMONS_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut parts = [IoSliceMut::new(&mut text)];
        match recvmsg(&socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut descriptors = ancillary
        .drain()
        .filter_map(|message| {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message { Some(descriptors) } else { None }
        })
        .flatten();
    let input = descriptors.next().ok_or(io::ErrorKind::InvalidData)?;
    let scratch = descriptors.next();
    drop(descriptors);
    let summons = serde_json::from_slice(text.get(..received.bytes).unwrap_or_default())?;
    Ok(Some(Summoned { summons, input, scratch }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Requirement};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::fs::File;
    use std::io::{Read, Write};
    use std::time::Duration;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    fn summons(argument: String) -> Summons {
        let limits = Limits {
            memory_bytes: 1,
            cpu_seconds: 2,
            wall: Duration::from_secs(3),
            output_bytes: 4,
            scratch_bytes: 5,
        };
        let orders = Orders { limits, requirement: Requirement::Required, at_leisure: true };
        Summons { orders, arguments: vec![argument] }
    }

    #[test]
    fn orders_and_descriptors_arrive_together() {
        let (ours, theirs) = pair();
        let (input, mut writer) = io::pipe().unwrap();
        let scratch = tempfile::tempfile().unwrap();
        send(&ours, &summons("work".into()), input.as_fd(), Some(scratch.as_fd())).unwrap();
        drop((input, scratch));
        let summoned = receive(&theirs).unwrap().unwrap();
        assert_eq!(summoned.summons, summons("work".into()));
        writer.write_all(b"bytes").unwrap();
        drop(writer);
        assert_eq!(io::read_to_string(File::from(summoned.input)).unwrap(), "bytes");
        let mut scratch = File::from(summoned.scratch.unwrap());
        assert_eq!(scratch.read(&mut [0; 1]).unwrap(), 0);

        let (input, _writer) = io::pipe().unwrap();
        send(&ours, &summons(String::new()), input.as_fd(), None).unwrap();
        assert!(receive(&theirs).unwrap().unwrap().scratch.is_none());
    }

    #[test]
    fn a_worker_that_is_let_go_of_hears_nothing() {
        let (ours, theirs) = pair();
        drop(ours);
        assert!(receive(&theirs).unwrap().is_none());
    }

    #[test]
    fn a_worker_that_is_gone_cannot_be_summoned() {
        let (ours, theirs) = pair();
        drop(theirs);
        let (input, _writer) = io::pipe().unwrap();
        let error = send(&ours, &summons(String::new()), input.as_fd(), None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_is_too_long_is_not_sent_in_part() {
        let (ours, _theirs) = pair();
        let (input, _writer) = io::pipe().unwrap();
        let error = send(&ours, &summons("x".repeat(SUMMONS_BYTES)), input.as_fd(), None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
