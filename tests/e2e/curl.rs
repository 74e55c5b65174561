//! The lines that the documents give people to paste, run as they stand there: bash and curl, nothing else.

use std::path::PathBuf;

use local::install::Package;
use support::person::PASSWORD;
use support::sender::bytes;
use support::tools::program;
use support::{Person, Stack};
use tokio::process::Command;

use crate::contract::root;

/// Where the documents say that the API is.
const SAID: &str = "http://127.0.0.1:8080";

#[tokio::test]
async fn the_readmes_first_calls_work_as_they_stand() {
    for name in ["README.md", "README.ko.md"] {
        let desk = Desk::new(&[]).await;
        let said = desk.run(&lines(name, "API=")).await;
        assert!(said.contains(r#""content":"안녕하세요""#), "{name}: {said}");
    }
}

#[tokio::test]
async fn r_u1_curl_alone_uploads_is_cut_off_goes_on_and_downloads() {
    // Three parts.
    let content = bytes(40 << 20, 41);
    let desk = Desk::new(&content).await;
    let begin = [
        lines("README.md", "API="),
        lines("docs/uploading.md", "call()"),
    ]
    .concat();
    let send = lines("docs/uploading.md", "call $API/v1/uploads/$ID |");
    let end = lines("docs/uploading.md", "DONE=");
    // The line goes dead after the second part; the same lines go on with the third.
    let cut = send.replace("do\n    url", "do\n    [ \"$n\" = 3 ] && break\n    url");
    assert_ne!(cut, send);
    let left = "call $API/v1/uploads/$ID | grep -o '\"missing\":[^]]*' >&2\n";
    let said = desk.run(&[&begin, &cut, left, &send, &end].concat()).await;
    assert!(said.contains(r#""missing":[{"from":3,"to":3}"#), "{said}");
    let back = std::fs::read(desk.folder.join("big.bin.back")).expect("it was fetched");
    assert!(back == content);
}

/// A folder with a file, and somebody who types.
struct Desk {
    folder: PathBuf,
    person: Person,
    rest: &'static str,
}

impl Desk {
    async fn new(content: &[u8]) -> Self {
        let stack = Stack::get().await;
        let person = Person::register(stack).await;
        let folder = std::env::temp_dir().join(format!("maru-curl-{}", person.id.0.simple()));
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("big.bin"), content).expect("the file can be written");
        program(Package::Curl).await;
        Self {
            folder,
            person,
            rest: &stack.rest,
        }
    }

    /// Runs lines, with what the documents say is at hand; answers all that they print.
    async fn run(&self, lines: &str) -> String {
        let ran = Command::new("bash")
            .args(["-e", "-c", &lines.replace(SAID, self.rest)])
            .env("EMAIL", &self.person.email)
            .env("PASSWORD", PASSWORD)
            .env("FILE", "big.bin")
            .current_dir(&self.folder)
            .output()
            .await
            .expect("bash is there");
        let said = [ran.stdout, ran.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(ran.status.success(), "{lines}\n{said}");
        said
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The block of shell lines in a document that begins so.
fn lines(document: &str, begin: &str) -> String {
    let text = std::fs::read_to_string(root().join(document)).expect("the document is there");
    let mut blocks = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next());
    let block = blocks.find_map(|block| block.filter(|block| block.starts_with(begin)));
    block
        .unwrap_or_else(|| panic!("{document} has no lines that begin `{begin}`"))
        .to_owned()
}
