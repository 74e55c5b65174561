//! The private cluster: where its data lives, as whom it runs, how it is made and started.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};
use tokio::process::Command;

use super::Ours;
use super::roles::Passwords;
use crate::children::{Spec, User};
use crate::data;
use crate::{Error, say, signals};

/// A fast shutdown writes all that is dirty; a busy test run leaves seconds of it.
const GRACE: Duration = Duration::from_secs(20);

/// Makes the cluster if there is none; answers how to start it, and its version.
pub(super) async fn prepare(
    ours: &Ours,
    programs: Vec<PathBuf>,
    passwords: &Passwords,
) -> Result<(Spec, String), Error> {
    let user = run_as()?;
    let folder = place(&ours.data, user)?;
    let cluster = folder.join("data");
    let (program, version) = choose(&cluster, programs).await?;
    if !cluster.join("PG_VERSION").exists() {
        make(&folder, &program, user, passwords).await?;
    }
    end_leftover(&cluster).await?;
    let spec = Spec {
        name: "postgres",
        command: arguments(&program, &cluster, ours.port),
        folder,
        log: ours.log.clone(),
        user,
        grace: GRACE,
    };
    Ok((spec, version))
}

/// Where the data of a cluster goes when the data folder is closed to the user it runs as.
pub(super) fn elsewhere(root: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    let base = Path::new("/var/lib");
    let base = if base.is_dir() {
        base
    } else {
        Path::new("/tmp")
    };
    base.join(format!("maru-local-{:016x}", hasher.finish()))
}

fn arguments(program: &Path, cluster: &Path, port: u16) -> Vec<String> {
    let mut arguments = vec![
        program.display().to_string(),
        "-D".to_owned(),
        cluster.display().to_string(),
        "-p".to_owned(),
        port.to_string(),
    ];
    for setting in [
        "listen_addresses=127.0.0.1",
        // No socket file: its path would have to be short, and loopback is all that is needed.
        "unix_socket_directories=",
        "max_connections=300",
        "shared_preload_libraries=",
        "logging_collector=off",
        "log_line_prefix=%m [%p] %q%u@%d ",
    ] {
        arguments.extend(["-c".to_owned(), setting.to_owned()]);
    }
    arguments
}

/// Postgres refuses to be root; then it runs as the user that its package made.
fn run_as() -> Result<Option<User>, Error> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| matches!(fields.first(), Some(&("postgres" | "_postgres"))))
        .and_then(|fields| {
            Some(User {
                uid: fields.get(2)?.parse().ok()?,
                gid: fields.get(3)?.parse().ok()?,
            })
        })
        .map(Some)
        .ok_or(Error::NoPostgresUser)
}

/// The folder of the cluster, made and owned by the user it runs as.
fn place(root: &Path, user: Option<User>) -> Result<PathBuf, Error> {
    let mut folder = root.join("postgres");
    if let Some(closed) = user.and_then(|user| closed_parent(root, user)) {
        folder = elsewhere(root);
        say::note(format_args!(
            "  {} is closed to the user postgres: its data is in {}",
            closed.display(),
            folder.display()
        ));
    }
    data::make_folder(&folder)?;
    if let Some(user) = user {
        chown(&folder, Some(user.uid), Some(user.gid)).map_err(Error::io(format!(
            "give {} to the user postgres",
            folder.display()
        )))?;
    }
    Ok(folder)
}

/// The first folder on the way to `path` that `user` may not pass through.
fn closed_parent(path: &Path, user: User) -> Option<PathBuf> {
    let may_pass = |folder: &Path| {
        folder.metadata().is_ok_and(|about| {
            let mode = about.mode();
            mode & 0o001 != 0
                || about.uid() == user.uid && mode & 0o100 != 0
                || about.gid() == user.gid && mode & 0o010 != 0
        })
    };
    path.ancestors()
        .find(|folder| !may_pass(folder))
        .map(Path::to_path_buf)
}

/// The program to run: of the version that made the data, else the first.
async fn choose(cluster: &Path, programs: Vec<PathBuf>) -> Result<(PathBuf, String), Error> {
    let made = std::fs::read_to_string(cluster.join("PG_VERSION"))
        .map(|text| text.trim().to_owned())
        .ok();
    let mut first = None;
    for program in programs {
        let version = version_of(&program).await?;
        let major = version.split('.').next().unwrap_or_default().to_owned();
        if made.as_ref().is_none_or(|made| *made == major) {
            return Ok((program, version));
        }
        first.get_or_insert(major);
    }
    Err(Error::OtherVersion {
        data: cluster.to_path_buf(),
        made: made.unwrap_or_default(),
        found: first.unwrap_or_default(),
    })
}

/// `15.18` out of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
async fn version_of(program: &Path) -> Result<String, Error> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .await
        .map_err(Error::io(format!("run {}", program.display())))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .split_whitespace()
        .find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
        .unwrap_or("unknown")
        .to_owned())
}

/// Makes the cluster beside its place and moves it there when it is whole.
async fn make(
    folder: &Path,
    program: &Path,
    user: Option<User>,
    passwords: &Passwords,
) -> Result<(), Error> {
    let half = folder.join("data.new");
    let secret = folder.join("password");
    data::remove(&half)?;
    data::remove(&folder.join("data"))?;
    data::write_private(&secret, passwords.superuser.as_bytes())?;
    let mut command = Command::new(program.with_file_name("initdb"));
    let locale = if cfg!(target_os = "macos") {
        "en_US.UTF-8"
    } else {
        "C.UTF-8"
    };
    command
        .arg("--pgdata")
        .arg(&half)
        .arg("--pwfile")
        .arg(&secret)
        .args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        ])
        .arg(format!("--locale={locale}"))
        .current_dir(folder)
        .kill_on_drop(true);
    if let Some(User { uid, gid }) = user {
        chown(&secret, Some(uid), Some(gid)).map_err(Error::io("give the password file away"))?;
        command.uid(uid).gid(gid);
    }
    let output = command.output().await.map_err(Error::io("run initdb"))?;
    data::remove(&secret)?;
    if !output.status.success() {
        return Err(Error::Program {
            what: "initdb",
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    std::fs::set_permissions(&half, std::fs::Permissions::from_mode(0o700))
        .and_then(|()| std::fs::rename(&half, folder.join("data")))
        .map_err(Error::io("keep the new cluster"))
}

/// Ends a server that a stack which died left on this data; its guard may be at it already.
///
/// We hold the folder's lock, so nobody else can mean to use it.
async fn end_leftover(cluster: &Path) -> Result<(), Error> {
    let Some(pid) = leftover(cluster) else {
        return Ok(());
    };
    let until = Instant::now() + GRACE;
    while test_kill_process(pid).is_ok() {
        let sign = if Instant::now() < until {
            Signal::INT
        } else {
            Signal::KILL
        };
        signals::send(pid, sign);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The process in the cluster's pid file, if it is alive and really a server on this data.
fn leftover(cluster: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline"));
    let ours = command.map_or(!cfg!(target_os = "linux"), |command| {
        String::from_utf8_lossy(&command).contains(&*cluster.to_string_lossy())
    });
    ours.then(|| Pid::from_raw(pid)).flatten()
}
