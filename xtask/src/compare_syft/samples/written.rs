//! Databases of package managers that this machine does not have, written as they write them, and files as build tools of other
//! systems leave them.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::fs;
use std::path::Path;

pub(super) const ARCH: Sample = Sample { name: "arch", needs: &[], make: |folder| written(folder, PACMAN) };
pub(super) const GENTOO: Sample =
    Sample { name: "gentoo", needs: &[], make: |folder| written(folder, PORTAGE) };
pub(super) const LANGUAGES: Sample =
    Sample { name: "languages", needs: &[], make: |folder| written(folder, OTHERS) };
/// Programs with notes of packages, Java archives inside of zip archives, and plugins of Jenkins.
pub(super) const BUILT: Sample = Sample { name: "built", needs: &["objcopy", "gcc", "zip"], make: built };

type Texts = &'static [(&'static str, &'static str)];

const PACMAN: Texts = &[
    ("usr/lib/os-release", "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n"),
    ("var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
    (
        "var/lib/pacman/local/bash-5.2.037-1/desc",
        "%NAME%\nbash\n\n%VERSION%\n5.2.037-1\n\n%BASE%\nbash\n\n%DESC%\nThe GNU Bourne Again shell\n\n%ARCH%\nx86_64\n\n\
         %BUILDDATE%\n1727183022\n\n%PACKAGER%\nA <a@b>\n\n%SIZE%\n9400000\n\n%LICENSE%\nGPL-3.0-or-later\n\n%DEPENDS%\nglibc\n\n",
    ),
    ("var/lib/pacman/local/bash-5.2.037-1/files", "%FILES%\nusr/\nusr/bin/\nusr/bin/bash\n\n"),
    (
        "var/lib/pacman/local/lib32-glibc-2.40+r16+gaa533d58ff-2/desc",
        "%NAME%\nlib32-glibc\n\n%VERSION%\n2.40+r16+gaa533d58ff-2\n\n%BASE%\nglibc\n\n%ARCH%\nx86_64\n\n",
    ),
    (
        "var/lib/pacman/local/pacman-7.0.0.r3.g7736133-1/desc",
        "%NAME%\npacman\n\n%VERSION%\n7.0.0.r3.g7736133-1\n\n%BASE%\npacman\n\n%ARCH%\nx86_64\n\n",
    ),
    (
        "var/lib/pacman/local/acl-1:2.3.2-1/desc",
        "%NAME%\nacl\n\n%VERSION%\n1:2.3.2-1\n\n%BASE%\nacl\n\n%ARCH%\nx86_64\n\n",
    ),
];

const PORTAGE: Texts = &[
    ("etc/os-release", "NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\nVERSION_ID=\"2.15\"\n"),
    (
        "var/db/pkg/app-containers/skopeo-1.5.1/CONTENTS",
        "dir /usr\ndir /usr/bin\nobj /usr/bin/skopeo 376c02bd3b22804df8fdfdc895e7dbfb 1649284374\n",
    ),
    ("var/db/pkg/app-containers/skopeo-1.5.1/SIZE", "27937835\n"),
    ("var/db/pkg/app-containers/skopeo-1.5.1/LICENSE", "Apache-2.0 BSD\n"),
    ("var/db/pkg/dev-libs/openssl-3.0.13-r2/CONTENTS", "dir /usr\n"),
    ("var/db/pkg/sys-libs/ncurses-6.4_p20230401/CONTENTS", "dir /usr\n"),
    ("var/db/pkg/x11-libs/gtk+-3.24.41-r1/CONTENTS", "dir /usr\n"),
];

const OTHERS: Texts = &[
    (
        "srv/cpp/conaninfo.txt",
        "[settings]\n    arch=x86_64\n    os=Linux\n\n[requires]\n    mfast/1.Y.Z\n    boost/1.Y.Z\n\n[options]\n\n\
         [full_settings]\n    arch=x86_64\n\n[full_requires]\n    mfast/1.2.2@my_user/my_channel:c6f6387c9b99780f0ee05e25f99d0f39\n    \
         boost/1.75.0:a9c318f067216f900900e044e7af4ab1\n    zlib/1.2.12:c67ce17f2e96b972d42393ce50a76a1a\n\n[full_options]\n\n[recipe_hash]\n\n[env]\n",
    ),
    ("nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin/bin/ldd", "#!/bin/sh\n"),
    ("nix/store/8k6kxwn1wmx8wsl0i5awfd9v4n5gvcd0-openssl-3.0.13/lib/x", ""),
    ("nix/store/0an9vk19irzpydcj7l3lwdfrvlxvrs77-python3.11-requests-2.31.0/x", ""),
    (
        "usr/local/lib/R/site-library/rlang/DESCRIPTION",
        "Package: rlang\nVersion: 1.1.3\nTitle: Functions\nLicense: MIT + file LICENSE\nURL: https://rlang.r-lib.org\nRepository: CRAN\nNeedsCompilation: yes\n",
    ),
    (
        "usr/local/lib/R/library/stats/DESCRIPTION",
        "Package: stats\nVersion: 4.3.2\nPriority: base\nTitle: The R Stats Package\nLicense: Part of R 4.3.2\n",
    ),
    (
        "var/www/html/wp-content/plugins/akismet/akismet.php",
        "<?php\n/**\n * @package Akismet\n */\n/*\nPlugin Name: Akismet Anti-spam: Spam Protection\nPlugin URI: https://akismet.com/\n\
         Description: Used by millions.\nVersion: 5.3\nRequires at least: 5.8\nAuthor: Automattic\nLicense: GPLv2 or later\nText Domain: akismet\n*/\n",
    ),
    (
        "var/www/html/wp-content/plugins/all-in-one-wp-migration/all-in-one-wp-migration.php",
        "<?php\n/**\n * Plugin Name: All-in-One WP Migration and Backup\n * Plugin URI: https://servmask.com/\n * Author: ServMask\n * Version: 7.97\n * License: GPLv3\n */\n",
    ),
    (
        "var/www/html/wp-includes/version.php",
        "<?php\n/**\n * @package WordPress\n */\n\n$wp_version = '6.4.3';\n",
    ),
    (
        "usr/local/lib/php/.registry/.channel.pecl.php.net/memcached.reg",
        "a:4:{s:4:\"name\";s:9:\"memcached\";s:7:\"channel\";s:12:\"pecl.php.net\";s:7:\"version\";a:2:{s:7:\"release\";s:5:\"3.2.0\";s:3:\"api\";s:5:\"1.0.0\";}\
         s:7:\"license\";a:1:{s:8:\"_content\";s:3:\"PHP\";}}",
    ),
    (
        "usr/local/lib/luarocks/rocks-5.4/kong/3.7.0-0/kong-3.7.0-0.rockspec",
        "package = \"kong\"\nversion = \"3.7.0-0\"\nrockspec_format = \"3.0\"\nsupported_platforms = {\"linux\"}\nsource = {\n  url = \"git+https://github.com/Kong/kong.git\",\n  \
         tag = \"3.7.0\"\n}\ndescription = {\n  summary = \"A gateway\",\n  homepage = \"https://konghq.com\",\n  license = \"Apache 2.0\"\n}\ndependencies = {\n  \"luasec == 1.3.2\",\n}\n",
    ),
    (
        "usr/local/lib/ruby/gems/3.3.0/specifications/rack-3.0.9.gemspec",
        "# -*- encoding: utf-8 -*-\n# stub: rack 3.0.9 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"3.0.9\".freeze\n\n  s.licenses = [\"MIT\".freeze]\nend\n",
    ),
    (
        "usr/local/lib/ruby/gems/3.3.0/specifications/default/json-2.7.1.gemspec",
        "# -*- encoding: utf-8 -*-\n# stub: json 2.7.1 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"json\".freeze\n  s.version = \"2.7.1\"\nend\n",
    ),
    (
        "srv/php/vendor/composer/installed.json",
        "{\"packages\":[{\"name\":\"monolog/monolog\",\"version\":\"3.5.0\",\"type\":\"library\"},\
         {\"name\":\"symfony/polyfill-php80\",\"version\":\"v1.29.0\",\"type\":\"library\"}],\"dev\":false,\"dev-package-names\":[]}",
    ),
    (
        "opt/java/openjdk/release",
        "IMPLEMENTOR=\"Eclipse Adoptium\"\nIMPLEMENTOR_VERSION=\"Temurin-21.0.2+13\"\nJAVA_RUNTIME_VERSION=\"21.0.2+13-LTS\"\nJAVA_VERSION=\"21.0.2\"\n\
         JAVA_VERSION_DATE=\"2024-01-16\"\nLIBC=\"gnu\"\nMODULES=\"java.base java.compiler\"\nOS_ARCH=\"x86_64\"\nOS_NAME=\"Linux\"\nSOURCE=\".:git:9b3d9b2\"\n\
         BUILD_SOURCE=\"git:abc\"\nBUILD_SOURCE_REPO=\"https://github.com/adoptium/temurin-build.git\"\nSOURCE_REPO=\"https://github.com/adoptium/jdk21u.git\"\n\
         FULL_VERSION=\"21.0.2+13-LTS\"\nSEMANTIC_VERSION=\"21.0.2+13\"\nBUILD_INFO=\"OS: Linux\"\nJVM_VARIANT=\"Hotspot\"\nJVM_VERSION=\"21.0.2+13-LTS\"\nIMAGE_TYPE=\"JDK\"\n",
    ),
    (
        "usr/lib/jvm/zulu21/release",
        "IMPLEMENTOR=\"Azul Systems, Inc.\"\nIMPLEMENTOR_VERSION=\"Zulu21.32+17-CA\"\nJAVA_RUNTIME_VERSION=\"21.0.2+13-LTS\"\nJAVA_VERSION=\"21.0.2\"\nOS_ARCH=\"x86_64\"\nOS_NAME=\"Linux\"\n",
    ),
    (
        "usr/lib/python3.12/site-packages/PyYAML-6.0.1.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0.1\nSummary: YAML\n\nYAML.\n",
    ),
    ("usr/lib/python3.12/site-packages/PyYAML-6.0.1.dist-info/RECORD", "yaml/__init__.py,sha256=x,1\n"),
    (
        "usr/lib/python3.12/site-packages/distro_info-1.7.egg-info/PKG-INFO",
        "Metadata-Version: 2.1\nName: distro-info\nVersion: 1.7\n",
    ),
    (
        "usr/lib/python3.12/site-packages/six-1.16.0.egg-info",
        "Metadata-Version: 1.1\nName: six\nVersion: 1.16.0\n",
    ),
    (
        "usr/local/lib/node_modules/npm/node_modules/@npmcli/fs/package.json",
        "{\"name\":\"@npmcli/fs\",\"version\":\"3.1.0\",\"license\":\"ISC\"}\n",
    ),
];

fn written(folder: &Path, texts: Texts) -> Result<Made> {
    let root = folder.join("root");
    for (path, text) in texts {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    Ok(Made::Folder(root))
}

const NOTES: &[(&str, &str)] = &[
    (
        "fedora",
        r#"{"type":"rpm","name":"coreutils","version":"9.4-6.fc40","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:40"}"#,
    ),
    (
        "wolfi",
        r#"{"type":"apk","os":"wolfi","osVersion":"20230201","name":"curl","version":"8.9.0-r0","architecture":"x86_64","osCpe":"cpe:2.3:o:wolfi:wolfi:20230201"}"#,
    ),
    (
        "azurelinux",
        r#"{"type":"rpm","os":"azurelinux","osVersion":"3.0","name":"openssl","version":"3.3.0-1.azl3","architecture":"x86_64"}"#,
    ),
    ("own", r#"{"type":"binary","name":"libhello","version":"0.1.2","system":"ours","vendor":"us"}"#),
];

fn built(folder: &Path) -> Result<Made> {
    let root = folder.join("root");
    fs::create_dir_all(root.join("usr/local/bin"))?;
    fs::create_dir_all(root.join("srv"))?;
    fs::write(folder.join("main.c"), "int main(void) { return 0; }\n")?;
    run("gcc", &["-o", "main", "main.c"], folder)?;
    for (number, (name, json)) in NOTES.iter().enumerate() {
        // Half of them as a note, and half as the JSON alone.
        let content = if number % 2 == 0 {
            indexer::build::note("FDO", 0xcafe_1a7e, json.as_bytes())
        } else {
            json.as_bytes().to_vec()
        };
        fs::write(folder.join("note"), content)?;
        let program = format!("root/usr/local/bin/{name}");
        run("objcopy", &["--add-section", ".note.package=note", "main", &program], folder)?;
    }
    let jar = folder.join("jar/META-INF");
    fs::create_dir_all(jar.join("maven/org.example/inner"))?;
    fs::write(jar.join("MANIFEST.MF"), "Manifest-Version: 1.0\nImplementation-Version: 1.4\n")?;
    fs::write(
        jar.join("maven/org.example/inner/pom.properties"),
        "version=1.4\ngroupId=org.example\nartifactId=inner\n",
    )?;
    run("zip", &["-q", "-r", "../inner-1.4.jar", "."], &folder.join("jar"))?;
    fs::write(
        jar.join("MANIFEST.MF"),
        "Manifest-Version: 1.0\nImplementation-Title: git\nImplementation-Version: 5.2.1\nGroup-Id: org.jenkins-ci.plugins\n\
         Short-Name: git\nLong-Name: Jenkins Git plugin\nPlugin-Version: 5.2.1\n",
    )?;
    fs::remove_dir_all(jar.join("maven"))?;
    run("zip", &["-q", "-r", "../root/srv/git.hpi", "."], &folder.join("jar"))?;
    run("zip", &["-q", "root/srv/app.zip", "inner-1.4.jar"], folder)?;
    Ok(Made::Folder(root))
}
