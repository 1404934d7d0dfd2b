//! A root with a database of rpm, in the one form that Debian's `rpm` still writes.
//! The other two, Berkeley DB and NDB, are among the samples of `compare-inventories`.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::fs;
use std::path::Path;

const NEEDS: &[&str] = &["rpm", "rpmbuild"];

pub(super) const SQLITE: Sample = Sample { name: "rpm-sqlite", needs: NEEDS, make: root };

/// Name, epoch, version, release, and the module stream.
const PACKAGES: &[(&str, &str, &str, &str, &str)] = &[
    ("plain", "", "1.0", "1.el9", ""),
    ("epoch", "Epoch: 2", "3.1~rc1", "4.fc40", ""),
    ("caret", "Epoch: 0", "2.0^git20240101", "1", ""),
    ("module", "", "18.2", "5.module_el9", "ModularityLabel: nodejs:18:8090020240101:a75119d5"),
    ("with-dash-and.dot", "", "0.0.1", "0.1.b2.el8_9.3", ""),
];

fn root(folder: &Path) -> Result<Made> {
    let root = folder.join("root");
    fs::create_dir_all(root.join("etc"))?;
    fs::write(
        root.join("etc/os-release"),
        "ID=rocky\nVERSION_ID=9.4\nPRETTY_NAME=\"Rocky Linux 9.4\"\nID_LIKE=\"rhel centos fedora\"\n",
    )?;
    let top = format!("_topdir {}", folder.join("build").display());
    for (name, epoch, version, release, module) in PACKAGES {
        let spec = format!(
            "Name: {name}\n{epoch}\nVersion: {version}\nRelease: {release}\n{module}\nSummary: a sample\n\
             License: MIT\nBuildArch: noarch\n%description\nA sample.\n%prep\n%build\n%install\n\
             mkdir -p %{{buildroot}}/usr/share/{name}\necho {name} > %{{buildroot}}/usr/share/{name}/file\n\
             %files\n/usr/share/{name}\n%package part\nSummary: a part\n%description part\nA part.\n%files part\n"
        );
        let file = folder.join(format!("{name}.spec"));
        fs::write(&file, spec)?;
        run("rpmbuild", &["--define", &top, "-bb", &file.display().to_string()], folder)?;
    }
    let packages: Vec<String> = fs::read_dir(folder.join("build/RPMS/noarch"))?
        .map(|entry| Ok(entry?.path().display().to_string()))
        .collect::<Result<_>>()?;
    let place = root.display().to_string();
    let mut words = vec![
        "--root",
        &place,
        "--define",
        "_db_backend sqlite",
        "--define",
        "_dbpath /var/lib/rpm",
        "--install",
        "--nodeps",
        "--ignoreos",
        "--ignorearch",
        "--noscripts",
    ];
    words.extend(packages.iter().map(String::as_str));
    run("rpm", &words, folder)?;
    Ok(Made::Folder(root))
}
