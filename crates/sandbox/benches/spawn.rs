//! What one worker costs before it does anything: start, jail, report, end.

use sandbox::{Antechamber, Command, Input, Limits, Requirement, run};
use std::time::Duration;

fn main() {
    if sandbox::worker_arguments().is_some() {
        return;
    }
    divan::main();
}

#[divan::bench(sample_count = 200)]
fn jailed_worker() -> Duration {
    let command = Command::this_program(["nothing"]);
    let ran = run(None, &command, Input::Empty, &limits(), Requirement::BestEffort, |output| {
        std::io::copy(output, &mut std::io::sink())
    });
    let (_, report) = ran.expect("a worker that does nothing ends well");
    report.wall
}

#[divan::bench(sample_count = 200)]
fn jailed_worker_that_waited(bencher: divan::Bencher<'_, '_>) {
    let command = Command::this_program(["nothing"]);
    let filled = || {
        let antechamber = Antechamber::new(command.program.clone(), 1);
        antechamber.fill().expect("workers can be started");
        // Until it waits.
        std::thread::sleep(Duration::from_millis(20));
        antechamber
    };
    bencher.with_inputs(filled).bench_values(|antechamber| {
        let ran =
            run(Some(&antechamber), &command, Input::Empty, &limits(), Requirement::BestEffort, |output| {
                std::io::copy(output, &mut std::io::sink())
            });
        ran.expect("a worker that does nothing ends well").1.wall
    });
}

fn limits() -> Limits {
    Limits {
        memory_bytes: 512 << 20,
        cpu_seconds: 10,
        wall: Duration::from_secs(10),
        output_bytes: 1 << 20,
        scratch_bytes: 0,
    }
}

#[divan::bench(sample_count = 200)]
fn bare_process() -> bool {
    let status = std::process::Command::new("/bin/true").status();
    status.is_ok_and(|status| status.success())
}
