//! The pages of the local stack, in a real browser.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use support::browser::{Browser, Tab};
use support::rest::fresh_id;
use support::sender::bytes;
use support::{Rest, Stack};

use crate::contract::documented;

/// Three whole parts, so that the progress of one is known whichever comes first.
const SIZE: usize = 48 << 20;

#[tokio::test]
async fn two_tabs_talk_and_a_file_goes_from_one_to_the_other() {
    let stack = Stack::get().await;
    let browser = Browser::start().await;
    let minji = enter(&browser, stack, "Kim Minji").await;
    let room = format!("Table {}", fresh_id().simple());
    minji.write("#new-room input", &format!("{room}\n")).await;
    minji.until(&shown("#room-name", &room)).await;
    let junho = enter(&browser, stack, "Lee Junho").await;
    junho.until(&shown("#joinable", &room)).await;
    junho.click_text(&room).await;
    junho.until(&shown("#room-name", &room)).await;
    minji.until(&shown("#messages", "joined")).await;

    minji.write("#say input", "점심 드실 분?\n").await;
    junho
        .until(&shown("#messages", "Kim Minji: 점심 드실 분?"))
        .await;
    junho.write("#say input", "저요").await;
    minji.until(&shown("#typing", "Lee Junho is typing")).await;
    junho.write("#say input", "!\n").await;
    minji.until(&shown("#messages", "Lee Junho: 저요!")).await;

    let name = hand_over(&browser, &minji, &junho).await;

    // What was said and sent is there for who comes later, in its order.
    minji.reload().await;
    be(&minji, "Kim Minji").await;
    minji.until(&shown("#mine", &room)).await;
    minji.click_text(&room).await;
    minji.until(&shown("#messages", &name)).await;
    let said = ["점심 드실 분?", "저요!", &name];
    assert_in_order(&minji, &said).await;
    for tab in [minji, junho] {
        assert_eq!(tab.said().await, [""; 0]);
    }
}

/// Junho sends a file while Minji watches, and she takes it; its name.
async fn hand_over(browser: &Browser, minji: &Tab, junho: &Tab) -> String {
    let content = bytes(SIZE, 77);
    let name = format!("회의 {}.bin", fresh_id().simple());
    let path = std::env::temp_dir().join(&name);
    std::fs::write(&path, &content).expect("the file can be written");
    watch(minji, "#uploads").await;
    watch(junho, "#status").await;
    junho.write("#file", &path.display().to_string()).await;
    minji.until(&shown("#messages", &name)).await;
    junho.until(&shown("#messages", &name)).await;
    std::fs::remove_file(&path).expect("the file can be removed");
    junho.until(&seen("16,777,216 of 50,331,648")).await;
    junho.until(&seen("50,331,648 of 50,331,648")).await;
    minji.until(&seen(&format!("{name}  0 %"))).await;

    minji
        .click_text(&format!("{name} (50,331,648 bytes)"))
        .await;
    assert!(downloaded(browser, &name).await == content);
    name
}

/// Each of these is said once, in this order.
async fn assert_in_order(tab: &Tab, said: &[&str]) {
    let lines = tab.run(LINES, json!([])).await;
    let lines = lines.as_array().expect("lines");
    let place = |text: &str| {
        let places = (0..lines.len()).filter(|at| lines[*at].as_str().unwrap_or("").contains(text));
        let places: Vec<usize> = places.collect();
        assert_eq!(places.len(), 1, "{text} in {lines:#?}");
        places[0]
    };
    assert!(said.iter().map(|text| place(text)).is_sorted());
}

#[tokio::test]
async fn a_page_whose_socket_was_cut_catches_up() {
    let stack = Stack::get().await;
    let browser = Browser::start().await;
    let page = browser.open(&stack.pages).await;
    page.run(HOLD, json!([])).await;
    be(&page, "Kim Minji").await;
    let room = format!("Table {}", fresh_id().simple());
    page.write("#new-room input", &format!("{room}\n")).await;
    page.until(&shown("#room-name", &room)).await;
    // What is said meanwhile goes by REST; the socket comes back by itself.
    page.run("window.held.close()", json!([])).await;
    page.until(&shown("#status", "connecting again")).await;
    page.write("#say input", "아직 있어요?\n").await;
    page.until(&shown("#status", ", connected")).await;
    page.until(&shown("#messages", "Kim Minji: 아직 있어요?"))
        .await;
    assert_eq!(page.said().await, [""; 0]);
}

#[tokio::test]
async fn the_reference_shows_every_route() {
    let stack = Stack::get().await;
    let browser = Browser::start().await;
    let page = browser.open(&format!("{}/reference", stack.pages)).await;
    let all = documented().len();
    let count = format!("document.querySelectorAll('#routes details').length === {all}");
    page.until(&count).await;
    page.write("#filter", "parts/sign").await;
    page.until(
        "[...document.querySelectorAll('#routes details')].filter((it) => !it.hidden).length === 1",
    )
    .await;
    page.click_text("POST /v1/uploads/{id}/parts/sign").await;
    page.until("document.querySelector('details[open] pre').textContent.includes('checksum')")
        .await;
    assert_eq!(page.said().await, [""; 0]);
    let contract = page.run("return document.getElementById('source').href", json!([]));
    assert_eq!(
        contract.await,
        json!(format!("{}/v1/openapi.json", stack.rest))
    );
    drop(Rest::anonymous(stack).get("/v1/openapi.json").await.ok());
}

/// Lets a test cut the socket that the page opens.
const HOLD: &str = "const Real = window.WebSocket;
    window.WebSocket = class extends Real {
      constructor(...given) { super(...given); window.held = this; }
    };";

/// Each line of the open room.
const LINES: &str =
    "return [...document.querySelectorAll('#messages li')].map((it) => it.textContent)";

/// Opens the page and signs in.
async fn enter(browser: &Browser, stack: &Stack, name: &str) -> Tab {
    let tab = browser.open(&stack.pages).await;
    be(&tab, name).await;
    tab
}

async fn be(tab: &Tab, name: &str) {
    tab.until(&shown("#people", name)).await;
    tab.click_text(&format!("Be {name}")).await;
    tab.until(&shown("#status", &format!("{name}, connected")))
        .await;
}

/// That an element shows a text.
fn shown(selector: &str, text: &str) -> String {
    format!("document.querySelector('{selector}').textContent.includes('{text}')")
}

/// Writes down every text that an element shows from now on.
async fn watch(tab: &Tab, selector: &str) {
    let script = "const [element, seen] = [document.querySelector(arguments[0]), []];
        window.seen = seen;
        new MutationObserver(() => seen.push(element.textContent))
          .observe(element, {subtree: true, childList: true, characterData: true});";
    tab.run(script, json!([selector])).await;
}

/// That a watched element has shown a text.
fn seen(text: &str) -> String {
    format!("window.seen.some((it) => it.includes('{text}'))")
}

/// What the browser downloaded under this name; it has the name once it is whole.
async fn downloaded(browser: &Browser, name: &str) -> Bytes {
    let path = browser.downloads().join(name);
    for _ in 0..600 {
        if let Ok(content) = std::fs::read(&path) {
            return content.into();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{name} never arrived");
}
