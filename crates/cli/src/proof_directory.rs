//! What proves a data directory, in its subdirectory `proof/`: `key.pem`, the secret that signs;
//! `verifier`, what others check its signatures with; `checkpoint`, the last one that was signed; `edge`, from
//! where the next one goes on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use groundbreak_proof::{Checkpoint, SigningKey, Verifier};
use groundbreak_workflow::Text;

use crate::definitions::read_text;
use crate::disagreement::{Disagreement, of_key};
use crate::trouble::Trouble;

/// Keys and checkpoints are far shorter.
pub(crate) const BYTES_MAX: u64 = 64 << 10;

/// The subdirectory `proof/` of a data directory.
pub(crate) struct ProofDirectory(PathBuf);

impl ProofDirectory {
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("proof"))
    }

    /// Returns what the signatures of this directory are checked with, if anything was signed.
    pub(crate) fn verifier(&self) -> Result<Option<Verifier>> {
        let path = self.0.join("verifier");
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let verifier = text.trim_end().parse();
        Ok(Some(verifier.map_err(|error| Trouble::BadKey {
            path,
            problem: of_key(&error),
        })?))
    }

    /// Returns the key, if there is one.
    pub(crate) fn key_if_any(&self) -> Result<Option<SigningKey>> {
        match self.0.join("key.pem").try_exists() {
            Ok(false) => Ok(None),
            _ => self.key(None).map(Some),
        }
    }

    /// Returns the key, which is made when nothing was ever signed here.
    pub(crate) fn key(&self, origin: Option<&str>) -> Result<SigningKey> {
        let path = self.0.join("key.pem");
        let bad = |problem| Trouble::BadKey {
            path: path.clone(),
            problem,
        };
        let verifier = self.verifier()?;
        let Some(pem) = read_secret(&path)? else {
            if self.checkpoint_path().exists() {
                return Err(bad(Text::new(
                    "密钥不见了，而此前已签过检查点。请找回密钥",
                    "the key is gone, and checkpoints were signed with it. Bring it back",
                ))
                .into());
            }
            return self.make(origin);
        };
        let Some(verifier) = verifier else {
            return Err(bad(Text::new(
                "旁边没有文件 verifier，不知道以什么名称签名",
                "there is no file `verifier` beside it to say what name it signs under",
            ))
            .into());
        };
        if origin.is_some_and(|origin| origin != verifier.name()) {
            return Err(Trouble::BadArgument {
                argument: "--origin".to_owned(),
                problem: Text::new(
                    format!("此目录已以“{}”的名称签名。", verifier.name()),
                    format!("this directory signs as \"{}\" already.", verifier.name()),
                ),
            }
            .into());
        }
        let key = SigningKey::from_pem(verifier.name(), &pem).map_err(|e| bad(of_key(&e)))?;
        if *key.verifier() != verifier {
            return Err(bad(Text::new(
                "与旁边的文件 verifier 不是一对",
                "it does not belong to the file `verifier` beside it",
            ))
            .into());
        }
        Ok(key)
    }

    fn make(&self, origin: Option<&str>) -> Result<SigningKey> {
        let mut seed = [0; 32];
        let mut mark = [0; 4];
        for bytes in [&mut seed[..], &mut mark[..]] {
            getrandom::fill(bytes)
                .map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        }
        let origin = match origin {
            Some(origin) => origin.to_owned(),
            None => format!("groundbreak/{:08x}", u32::from_be_bytes(mark)),
        };
        let refused = |error| Trouble::BadArgument {
            argument: "--origin".to_owned(),
            problem: of_key(&error),
        };
        let key = SigningKey::from_seed(&origin, &seed).map_err(refused)?;
        let pem = key.to_pem().map_err(refused)?;
        // The name first: a key without one could not be used.
        self.write("verifier", &format!("{}\n", key.verifier()))?;
        self.write("key.pem", pem.as_ref())?;
        Ok(key)
    }

    /// Returns where the last checkpoint is kept.
    pub(crate) fn checkpoint_path(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// Returns the last checkpoint that was signed here.
    pub(crate) fn checkpoint(&self) -> Result<Option<String>> {
        read(&self.checkpoint_path())
    }

    /// Keeps a checkpoint.
    pub(crate) fn keep(&self, note: &str) -> Result<()> {
        self.write("checkpoint", note)
    }

    /// Returns the right edge of the tree as it was kept. It is not to be believed without the
    /// checkpoint.
    pub(crate) fn edge(&self) -> Result<Option<String>> {
        read(&self.0.join("edge"))
    }

    /// Keeps the right edge of the tree.
    pub(crate) fn keep_edge(&self, edge: &str) -> Result<()> {
        self.write("edge", edge)
    }

    /// Writes a file that only its owner can read, in one step.
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.0.join(name);
        let unwritable = |source| Trouble::Unwritable {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&self.0).map_err(unwritable)?;
        // A temporary file has mode 0600 from its first moment.
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(unwritable)?;
        file.write_all(text.as_bytes()).map_err(unwritable)?;
        file.as_file().sync_all().map_err(unwritable)?;
        file.persist(&path)
            .map_err(|error| unwritable(error.error))?;
        let folder = fs::File::open(&self.0).map_err(unwritable)?;
        folder.sync_all().map_err(unwritable)?;
        Ok(())
    }
}

/// Reads a checkpoint from a file.
pub(crate) fn open_checkpoint(path: &Path, note: &str, verifier: &Verifier) -> Result<Checkpoint> {
    Ok(Checkpoint::open(note, verifier).map_err(|error| {
        let place = path.display().to_string();
        Disagreement::of_checkpoint(Text::new(place.clone(), place), &error)
    })?)
}

fn read(path: &Path) -> Result<Option<String>> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        _ => read_text(path, BYTES_MAX).map(Some),
    }
}

/// Reads the secret, unless others could read it too.
fn read_secret(path: &Path) -> Result<Option<String>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            let path = path.to_owned();
            return Err(Trouble::Unreadable { path, source }.into());
        }
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            let path = path.to_owned();
            return Err(Trouble::KeyExposed { path }.into());
        }
    }
    #[cfg(not(unix))]
    let _ = metadata;
    read_text(path, BYTES_MAX).map(Some)
}
