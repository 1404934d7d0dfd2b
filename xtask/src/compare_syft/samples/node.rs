//! Applications of Node.js.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::fs;
use std::path::Path;

pub(super) const APPLICATION: Sample = Sample { name: "npm", needs: &["npm"], make };

const PACKAGES: &[&str] = &[
    "express",
    "next",
    "react",
    "webpack",
    "@angular/core",
    "@babel/core",
    "eslint",
    "jest",
    "mongoose",
    "socket.io",
    "lodash@4.17.15",
    "@aws-sdk/client-s3",
    "esbuild",
];

fn make(folder: &Path) -> Result<Made> {
    installed(folder, PACKAGES)
}

/// A root with an application that needs these packages.
pub(crate) fn installed(folder: &Path, packages: &[&str]) -> Result<Made> {
    let root = folder.join("root");
    let app = root.join("srv/app");
    fs::create_dir_all(&app)?;
    fs::write(app.join("package.json"), r#"{"name":"sample","version":"1.0.0","private":true}"#)?;
    let mut words = vec!["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
    words.extend(packages);
    run("npm", &words, &app)?;
    Ok(Made::Folder(root))
}
