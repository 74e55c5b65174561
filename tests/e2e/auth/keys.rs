//! R-A2: which access tokens are believed.

use app::secret::Secret;
use app::signing::Keyring;
use app::token::{AUDIENCE, Claims, Verifier, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::{Person, Rest, Stack};
use time::{Duration, OffsetDateTime};

/// What the stack's own tokens say of `person`.
fn claims(person: &Person) -> Claims {
    let payload = person.access_token.split('.').nth(1).expect("three parts");
    let json = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&json).expect("claims")
}

fn ring(kid: &str, secret: u8) -> Keyring {
    Keyring::new(
        kid.to_owned(),
        &Secret::new([secret; 32]),
        OffsetDateTime::UNIX_EPOCH,
    )
}

/// `claims` signed with a key of our own.
fn signed(claims: &Claims, ring: &Keyring) -> String {
    let current = ring.current().expect("a key");
    sign(claims, &current.kid, &current.key).expect("a token")
}

async fn refused(person: &Person, token: &str) {
    let answer = person.with_token(token).get("/v1/me").await;
    assert_eq!(answer.refusal(), (401, "token_invalid"), "{token}");
}

#[tokio::test]
async fn r_a2_a_token_lives_15_minutes_and_names_issuer_and_audience() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let claims = claims(&owner);
    assert_eq!(claims.exp - claims.iat, 900);
    assert_eq!(claims.aud, AUDIENCE);
    assert_eq!(
        (claims.sub, claims.cid, claims.sid),
        (owner.id, owner.company, owner.session)
    );
}

#[tokio::test]
async fn r_a2_only_whole_tokens_of_ours_in_time_are_believed() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    // A key that the stack knows, so that each case is wrong in exactly one thing.
    let known = ring(&format!("test-{}", owner.id), 41);
    stack.trust(&known).await;
    let good = claims(&owner);
    // An instance that met another new key a moment ago looks again ten seconds later.
    let believed = async {
        let holder = owner.with_token(&signed(&good, &known));
        while holder.get("/v1/me").await.status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let patience = std::time::Duration::from_secs(20);
    let believed = tokio::time::timeout(patience, believed).await;
    believed.expect("the key becomes known");

    let past = app::clock::now() - Duration::seconds(1);
    let cases = [
        Claims {
            exp: past.unix_timestamp(),
            ..good.clone()
        },
        Claims {
            iss: "someone-else".into(),
            ..good.clone()
        },
        Claims {
            aud: "something-else".into(),
            ..good.clone()
        },
    ];
    for claims in &cases {
        refused(&owner, &signed(claims, &known)).await;
    }
    // Another key under the same name, and a name that nobody knows.
    refused(
        &owner,
        &signed(&good, &ring(&format!("test-{}", owner.id), 42)),
    )
    .await;
    refused(&owner, &signed(&good, &ring("unknown", 41))).await;
}

#[tokio::test]
async fn r_a2_a_remembered_token_ends_with_its_time_and_its_key() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let known = ring(&format!("kept-{}", owner.id), 43);
    stack.trust(&known).await;
    let now = app::clock::now();
    let until = |end: Duration| Claims {
        exp: (now + end).unix_timestamp(),
        ..claims(&owner)
    };
    let (short, long) = (until(Duration::minutes(1)), until(Duration::minutes(15)));
    let (short, long) = (signed(&short, &known), signed(&long, &known));
    let verifier = Verifier::new(stack.store(), &claims(&owner).iss);
    let believed = async |token: &str, after: Duration| {
        let found = verifier.verify(token, now + after).await;
        found.is_ok_and(|claims| claims.sub == owner.id)
    };
    for token in [&short, &long] {
        assert!(believed(token, Duration::ZERO).await);
        assert!(believed(token, Duration::seconds(59)).await);
        assert!(!believed(&token[..token.len() - 1], Duration::ZERO).await);
    }
    assert!(!believed(&short, Duration::seconds(60)).await);
    stack.forget_key(&format!("kept-{}", owner.id)).await;
    assert!(believed(&long, Duration::minutes(4)).await);
    assert!(!believed(&long, Duration::minutes(6)).await);
}

#[tokio::test]
async fn r_a2_tampered_tokens_are_not_believed() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let token = &owner.access_token;
    let parts: Vec<_> = token.split('.').collect();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = encode(json!({"alg": "none", "typ": "JWT"}));
    let hmac = encode(json!({"alg": "HS256", "typ": "JWT"}));
    let mut greedy = claims(&owner);
    greedy.exp += 1_000_000;
    let greedy = encode(json!(greedy));
    for token in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hmac}.{}.{}", parts[1], parts[2]),
        format!("{}.{greedy}.{}", parts[0], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        token[..token.len() - 10].to_owned(),
        "x".to_owned(),
        String::new(),
    ] {
        refused(&owner, &token).await;
    }
}

#[tokio::test]
async fn r_a2_without_a_token_one_is_asked_to_sign_in() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    assert_eq!(rest.get("/v1/me").await.refusal(), (401, "unauthenticated"));
    let basic = rest.get("/v1/me").header("authorization", "Basic eDp4");
    assert_eq!(basic.await.refusal(), (401, "token_invalid"));
}

#[tokio::test]
async fn r_a2_the_published_keys_check_the_tokens() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let header = owner.access_token.split('.').next().expect("three parts");
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
    assert_eq!(header["alg"], "EdDSA");
    let set = Rest::anonymous(stack)
        .get("/.well-known/jwks.json")
        .await
        .ok();
    let key = set["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key that signed");
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&json!("OKP"), &json!("Ed25519"))
    );
    let x = URL_SAFE_NO_PAD.decode(key["x"].as_str().expect("text"));
    assert_eq!(x.expect("base64url").len(), 32);
    assert!(key.get("d").is_none());
}
