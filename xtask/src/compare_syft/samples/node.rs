//! Applications of Node.js.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::fs;
use std::path::Path;

pub(super) const APPLICATION: Sample = Sample { name: "npm", needs: &["npm"], make };

/// As pnpm installs it: every package in a folder of its own below `.pnpm`, and links to them.
pub(super) const LINKED: Sample = Sample { name: "pnpm", needs: &["npm"], make: linked };

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

fn linked(folder: &Path) -> Result<Made> {
    run("npm", &["install", "--no-audit", "--no-fund", "--silent", "pnpm@9"], folder)?;
    let root = folder.join("root");
    let app = root.join("srv/app");
    fs::create_dir_all(&app)?;
    fs::write(app.join("package.json"), r#"{"name":"sample","version":"1.0.0","private":true}"#)?;
    let pnpm = folder.join("node_modules/.bin/pnpm").display().to_string();
    let mut words = vec!["add", "--ignore-scripts", "--silent", "--package-import-method", "copy"];
    words.extend(["fastify", "vite", "@nestjs/core", "axios", "typescript", "lodash@4.17.15"]);
    run(&pnpm, &words, &app)?;
    Ok(Made::Folder(root))
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
