//! The door for this repository's own tests, benchmarks and fuzz targets. It comes without any promise: what is here may
//! change or go at any time.

#![doc(hidden)]

pub mod bake {
    pub mod compose {
        pub use crate::bake::compose::{ComposeInputs, Files, Unreadable, load};
    }
    pub mod eval {
        pub mod functions {
            pub use crate::bake::eval::functions::Ambient;
        }
    }
    pub mod module {
        pub use crate::bake::module::{File, Module, ModuleInputs, strict};
    }
    pub mod target {
        pub use crate::bake::target::Definition;
        pub mod attributes {
            pub use crate::bake::target::attributes::{GROUP_NAMES, TARGET_NAMES};
        }
        pub mod flags {
            pub use crate::bake::target::flags::parse_bool;
        }
        pub mod overrides {
            pub use crate::bake::target::overrides::Overrides;
        }
        pub mod print {
            pub use crate::bake::target::print::to_json;
        }
        pub mod select {
            pub use crate::bake::target::select::{Options, resolve};
        }
    }
    pub mod text {
        pub mod hcl {
            pub use crate::bake::text::hcl::parse_hcl;
        }
        pub mod json {
            pub use crate::bake::text::json::parse_json;
        }
        pub mod syntax {
            pub use crate::bake::text::syntax::{Body, Expr, ExprKind, ObjectKey};
        }
    }
    pub mod values {
        pub use crate::bake::values::SecretNames;
        pub mod csv {
            pub use crate::bake::values::csv::fields;
        }
    }
}

pub mod cli {
    pub use crate::cli::{Manual, groups};
    pub use crate::error::Exit;

    /// The command line as clap knows it, with all options of all commands.
    #[must_use]
    pub fn command() -> clap::Command {
        crate::cli::Cli::command_in_full()
    }
}

pub mod code {
    pub use crate::code::{Code, Example, Right, Row, SUBJECTS, Severity, Subject};
}

pub mod diagnostic {
    pub use crate::diagnostic::Diagnostic;
}

pub mod facts {
    pub use crate::facts::{Facts, KnownVersions};
    pub mod given {
        pub use crate::facts::given::{NAMES, SOURCES};
    }
    pub mod remote {
        pub use crate::facts::remote::{find, refs};
    }
}

pub mod host {
    pub use crate::host::Host;
}

pub mod json {
    pub use crate::json::{Json, Member};
}

pub mod merge {
    pub use crate::merge::{IfMissing, MergeTools, Options, RunDocker, merge};
    pub mod report {
        pub use crate::merge::report::{Outcome, Report, Status};
    }
}

pub mod oci {
    pub use crate::oci::{
        DOCKER_LIST, DOCKER_MANIFEST, Descriptor, DescriptorPlatform, ImageManifest, Index, MANIFEST_TYPES,
        OCI_INDEX, OCI_MANIFEST,
    };
}

pub mod pattern {
    pub use crate::pattern::{ImageNames, Words, holds, render};
}

pub mod plan {
    pub use crate::plan::{Image, Plan, Reused};
}

pub mod platform {
    pub use crate::platform::{Platform, is_valid_for_bake, split_list};
}

pub mod published {
    pub mod metadata {
        pub use crate::published::metadata::Metadata;
    }
    pub mod planned {
        pub use crate::published::planned::Planned;
    }
    pub mod progress {
        pub use crate::published::progress::Quiet;
    }
    pub mod sites {
        pub use crate::published::sites::Site;
    }
    pub mod target {
        pub use crate::published::target::Target;
    }
}

pub mod form {
    pub use crate::form::Form;
}

pub mod reference {
    pub use crate::reference::{Digest, Reference, Repository, Tag};
}

pub mod registry {
    pub use crate::registry::{
        Client, Clock, Content, Error, ErrorKind, Layout, Location, MAX_CONFIG, MAX_MANIFEST, Manifest,
        Mount, Observer, Open, Patience, ReferrerList, RemoteRepository, RequestEvent, Settings, Store,
        SystemClock, TagOrDigest, Timeouts,
    };
    pub mod answers {
        pub use crate::registry::answers::{tag_list, token_server};
    }
    pub mod copy {
        pub use crate::registry::copy::{Copied, Copier, Copying, Place};
    }
}

pub mod render {
    pub use crate::render::{
        bake, files, markdown, matrix, mermaid, plan_json, summary, table, terminal, tree,
    };
}

pub mod resolve {
    pub use crate::resolve::{Input, Purpose, Spared, resolve};
}

pub mod rules {
    pub use crate::rules::{Flavor, Rule, apply};
}

pub mod schema {
    pub use crate::schema::result;
}

pub mod source {
    pub use crate::source::Sources;
}

pub mod spec {
    pub use crate::bake::target::Reach;
    pub use crate::spec::{
        Covered, Declared, Null, Patterns, Per, PlatformSettings, Settings, WorkflowSettings,
    };
}

pub mod verify {
    pub use crate::verify::{Depth, Request, verify};
    pub mod code {
        pub use crate::verify::code::Code;
    }
    pub mod explain {
        pub use crate::verify::explain::{Case, LocalList, sort};
    }
    pub mod finding {
        pub use crate::verify::finding::Finding;
    }
    pub mod report {
        pub use crate::verify::report::{Report, State};
    }
}

pub mod version {
    pub use crate::version::{Version, words};
}
