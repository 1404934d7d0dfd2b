//! The directory: applications, what they sign in with, and groups. People and programs themselves are accounts.
//!
//! An application is what somebody registered; a program (a service principal) is its account, which is given roles.
//! Both may hold secrets and certificates, and either lets the program in.

use crate::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// An application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Application {
    /// Its object id.
    pub id: Uuid,
    /// The name by which its program signs in.
    pub app_id: Uuid,
    /// Its name for people.
    pub display_name: String,
    /// Who may change it: whoever registered it, and whom they added.
    pub owners: Vec<Uuid>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// What else its registration says. It is told and has no effect here.
    pub further: Map<String, Value>,
}

impl Object for Application {
    const KIND: &'static str = "application";

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn owner(&self) -> String {
        self.app_id.to_string()
    }
}

/// What is known of a program beside its account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its object id: the principal of its account.
    pub id: Uuid,
    /// The name of its account.
    pub app_id: Uuid,
    /// Who may change it.
    pub owners: Vec<Uuid>,
    /// What else its registration says. It is told and has no effect here.
    pub further: Map<String, Value>,
}

impl Object for Program {
    const KIND: &'static str = "program";

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn owner(&self) -> String {
        self.app_id.to_string()
    }
}

/// What a program proves itself with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// The SHA-256 of a secret that was made here from 244 random bits, in hexadecimal digits. So many bits need no
    /// slow hash.
    Secret {
        /// The hash.
        sha256: String,
        /// The first letters, by which people tell secrets apart.
        hint: String,
    },
    /// A certificate in DER form, in base64.
    Certificate {
        /// The certificate.
        der: String,
    },
}

impl fmt::Debug for Proof {
    /// Leaves the hash out, so that it reaches no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret { .. } => "Secret(..)",
            Self::Certificate { .. } => "Certificate(..)",
        })
    }
}

/// A secret or a certificate of an application or a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// Its name.
    pub key_id: Uuid,
    /// The object id of the application or program.
    pub holder: Uuid,
    /// What it is.
    pub proof: Proof,
    /// Its name for people.
    pub display_name: Option<String>,
    /// From when it holds.
    pub starts_at: Timestamp,
    /// Until when it holds.
    pub ends_at: Timestamp,
}

impl Object for Credential {
    const KIND: &'static str = "credential";

    fn key(&self) -> String {
        self.key_id.to_string()
    }

    fn owner(&self) -> String {
        self.holder.to_string()
    }
}

/// A group: a principal whose roles its members have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its object id.
    pub id: Uuid,
    /// Its name.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its short name.
    pub mail_nickname: String,
    /// Who may change it.
    pub owners: Vec<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Object for Group {
    const KIND: &'static str = "group";

    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// That a principal is a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group.
    pub group: Uuid,
    /// The member.
    pub member: Uuid,
}

impl Object for Membership {
    const KIND: &'static str = "membership";

    fn key(&self) -> String {
        format!("{}/{}", self.group, self.member)
    }

    fn owner(&self) -> String {
        self.member.to_string()
    }
}
