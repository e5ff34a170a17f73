//! A folder that stays the one that was looked at: what is read, written and renamed in it goes through its handle, so that
//! nobody can put a link in its place meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::path::Path;

#[cfg(unix)]
pub(super) use unix::{Folder, Temporary};

#[cfg(not(unix))]
pub(super) use elsewhere::{Folder, Temporary};

/// How often another name is tried for a temporary file.
const TRIES: u32 = 1000;

/// What there is under a name.
pub(super) struct Found {
    pub(super) kind: Kind,
    /// In bytes.
    pub(super) length: u64,
    pub(super) permissions: Permissions,
}

/// What kind of thing there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    /// A device, a pipe or a socket.
    Stream,
}

/// A part of a path: its name, and whether it may be a link.
pub(super) type Part<'p> = (&'p OsStr, bool);

/// What the names of temporary files begin with; the number of the process follows.
const TEMPORARY: &str = ".bakeplan-";

/// The process that a temporary file of this name is of.
#[cfg(unix)]
fn process_of(name: &str) -> Option<i32> {
    let mut numbers = name.strip_prefix(TEMPORARY)?.split('-');
    let process = numbers.next()?.parse().ok().filter(|number| *number > 0)?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = numbers.collect();
    (rest.len() == 2 && rest.iter().all(|part| is_number(part))).then_some(process)
}

/// A name that hardly anything has.
fn temporary_name(number: u32) -> OsString {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{TEMPORARY}{}-{}-{number}", std::process::id(), time.subsec_nanos()).into()
}

#[cfg(unix)]
mod unix {
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use std::time::Duration;

    use rustix::fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat,
    };
    use rustix::io::Errno;
    use rustix::process::{Pid, geteuid, test_kill_process};

    use super::{
        File, Found, Kind, OsStr, OsString, Part, Path, Permissions, TRIES, io, process_of, temporary_name,
    };

    /// A process of another machine may still write into what is younger; none takes as long.
    const FRESH: Duration = Duration::from_secs(60);
    /// Another process may have the number of one that has ended; none writes for a day.
    const STALE: Duration = Duration::from_secs(24 * 60 * 60);

    /// What a folder is opened for: nothing but its names, which needs no right to list it.
    #[cfg(target_os = "linux")]
    const NAMES: OFlags = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    const NAMES: OFlags = OFlags::RDONLY;

    /// A folder that is open.
    pub(in super::super) struct Folder(OwnedFd);

    impl Folder {
        /// The folder that these parts lead to from another; what is missing is created.
        pub(in super::super) fn open<'p>(
            from: &Path,
            parts: impl Iterator<Item = Part<'p>>,
        ) -> io::Result<Self> {
            let flags = NAMES | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let mut folder = openat(CWD, from, flags, Mode::empty())?;
            for (name, may_be_link) in parts {
                let flags = if may_be_link { flags } else { flags | OFlags::NOFOLLOW };
                folder = match openat(&folder, name, flags, Mode::empty()) {
                    Err(Errno::NOENT) => {
                        match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                            Ok(()) | Err(Errno::EXIST) => {}
                            Err(error) => return Err(error.into()),
                        }
                        openat(&folder, name, flags, Mode::empty())?
                    }
                    opened => opened?,
                };
            }
            Ok(Self(folder))
        }

        /// What has a name in it; a link is a link.
        pub(in super::super) fn find(&self, name: &OsStr) -> io::Result<Option<Found>> {
            let found = match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let kind = match FileType::from_raw_mode(found.st_mode) {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                _ => Kind::Stream,
            };
            let permissions = Permissions::from_mode(Mode::from_raw_mode(found.st_mode).bits());
            Ok(Some(Found { kind, length: u64::try_from(found.st_size).unwrap_or(0), permissions }))
        }

        /// Opens a file in it to be read; never a link, and without waiting for another side.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(openat(&self.0, name, flags, Mode::empty())?.into())
        }

        /// Removes what earlier processes of the same user have left behind because they were killed while they wrote.
        pub(in super::super) fn clear(&self) {
            // The folder itself may be open for nothing but its names.
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let Ok(names) = openat(&self.0, ".", flags, Mode::empty()).and_then(Dir::new) else { return };
            for name in names.flatten() {
                let name = name.file_name();
                let Some(process) = name.to_str().ok().and_then(process_of) else { continue };
                let found = self.read(OsStr::from_bytes(name.to_bytes())).and_then(|file| file.metadata());
                let Ok(found) = found else { continue };
                let is_own = found.is_file() && found.uid() == geteuid().as_raw();
                let age = found.modified().ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
                let is_gone =
                    || Pid::from_raw(process).is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH));
                if is_own && (age > STALE || age > FRESH && is_gone()) {
                    let _ = unlinkat(&self.0, name, AtFlags::empty());
                }
            }
        }

        /// A new file in it that removes itself unless it is put in its place.
        pub(in super::super) fn temporary(self) -> io::Result<Temporary> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            for number in 0..TRIES {
                let name = temporary_name(number);
                match openat(&self.0, &name, flags, Mode::from_raw_mode(0o666)) {
                    Ok(file) => return Ok(Temporary { file: file.into(), folder: self, name: Some(name) }),
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(Errno::EXIST.into())
        }
    }

    /// A file in a folder that is not yet in its place.
    pub(in super::super) struct Temporary {
        pub(in super::super) file: File,
        folder: Folder,
        /// What it is called; none when it is in its place.
        name: Option<OsString>,
    }

    impl Temporary {
        /// Puts it in its place, in one step.
        pub(in super::super) fn persist(mut self, as_name: &OsStr) -> io::Result<()> {
            if let Some(name) = &self.name {
                renameat(&self.folder.0, name, &self.folder.0, as_name)?;
            }
            self.name = None;
            Ok(())
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            if let Some(name) = &self.name {
                let _ = unlinkat(&self.folder.0, name, AtFlags::empty());
            }
        }
    }
}

/// Where a folder has no handle that names could be looked up in.
#[cfg(not(unix))]
mod elsewhere {
    use std::fs;
    use std::path::PathBuf;

    use super::{File, Found, Kind, OsStr, Part, Path, TRIES, io, temporary_name};

    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        pub(in super::super) fn open<'p>(
            from: &Path,
            parts: impl Iterator<Item = Part<'p>>,
        ) -> io::Result<Self> {
            let folder: PathBuf = parts.fold(from.to_owned(), |folder, (name, _)| folder.join(name));
            fs::create_dir_all(&folder)?;
            Ok(Self(folder))
        }

        pub(in super::super) fn find(&self, name: &OsStr) -> io::Result<Option<Found>> {
            let found = match fs::symlink_metadata(self.0.join(name)) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let kind = match found.file_type() {
                kind if kind.is_symlink() => Kind::Link,
                kind if kind.is_dir() => Kind::Folder,
                kind if kind.is_file() => Kind::File,
                _ => Kind::Stream,
            };
            Ok(Some(Found { kind, length: found.len(), permissions: found.permissions() }))
        }

        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<File> {
            File::open(self.0.join(name))
        }

        /// Which processes have ended cannot be told.
        pub(in super::super) fn clear(&self) {}

        pub(in super::super) fn temporary(self) -> io::Result<Temporary> {
            for number in 0..TRIES {
                let path = self.0.join(temporary_name(number));
                match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                    Ok(file) => return Ok(Temporary { file, folder: self.0, path: Some(path) }),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
            Err(io::ErrorKind::AlreadyExists.into())
        }
    }

    pub(in super::super) struct Temporary {
        pub(in super::super) file: File,
        folder: PathBuf,
        path: Option<PathBuf>,
    }

    impl Temporary {
        pub(in super::super) fn persist(mut self, as_name: &OsStr) -> io::Result<()> {
            if let Some(path) = &self.path {
                fs::rename(path, self.folder.join(as_name))?;
            }
            self.path = None;
            Ok(())
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            if let Some(path) = &self.path {
                let _ = fs::remove_file(path);
            }
        }
    }
}
