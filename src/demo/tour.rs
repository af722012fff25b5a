//! What to try, once it runs: addresses, logins and the very commands of README.md's tour.

use super::place::Place;
use super::say;
use crate::config::Settings;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const README: &str = include_str!("../../README.md");
/// The commands under this heading are printed.
const HEADING: &str = "## A tour";

/// An address that a client on this machine can call.
pub fn url(listen: SocketAddr) -> String {
    let ip = if listen.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        listen.ip()
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

pub fn show(settings: &Settings, places: &[Place]) {
    let (api, sandbox) = (url(settings.listen), url(settings.sandbox.sandbox_listen));
    say::blank();
    say::line("Look around");
    say::line(format!(
        "  API      {api}/docs        (document: {api}/openapi.json, health: {api}/health/ready)"
    ));
    say::line(format!(
        "  sandbox  {sandbox}/            (our calendar beside what the channels believe)"
    ));
    for place in places {
        let (name, login) = (&place.property.name, &place.owner);
        say::line(format!(
            "  login    {name:<16} {}  password {}",
            login.email, login.password
        ));
    }
    say::blank();
    say::line("Try, in another terminal (needs only bash and curl)");
    let secrets = settings.secrets.secrets_dir.display().to_string();
    for line in commands(README) {
        say::line(format!("  {}", here(line, &api, &secrets)));
    }
    say::blank();
}

/// The lines of the first `sh` block under the heading.
fn commands(readme: &str) -> Vec<&str> {
    let under = readme.split_once(HEADING).map_or("", |(_, rest)| rest);
    under
        .lines()
        .skip_while(|l| *l != "```sh")
        .skip(1)
        .take_while(|l| *l != "```")
        .collect()
}

/// README names the usual address and folder; here are the real ones.
fn here(line: &str, api: &str, secrets: &str) -> String {
    let address = api.trim_start_matches("http://");
    line.replace("localhost:8080", address)
        .replace(".local/secrets", secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_of_the_readme_is_found() {
        let all = commands(README);
        for part in [
            "/v1/auth/login",
            "/offers",
            "/v1/bookings",
            "/v1/dashboard",
            "/sync-status",
        ] {
            assert!(all.iter().any(|l| l.contains(part)), "{part}");
        }
        assert!(all.iter().any(|l| l.contains("localhost:8080")));
    }

    #[test]
    fn the_readme_lists_every_variable() {
        use clap::CommandFactory;
        fn variables(command: &clap::Command) -> Vec<String> {
            let own = command
                .get_arguments()
                .filter_map(|a| a.get_env())
                .map(|e| e.to_string_lossy().into_owned());
            own.chain(command.get_subcommands().flat_map(variables)).collect()
        }
        let all = variables(&crate::config::Cli::command());
        assert!(all.len() > 5);
        for name in all {
            assert!(
                README.contains(&format!("| `{name}` |")),
                "{name} is not in the table"
            );
        }
    }

    #[test]
    fn addresses_are_the_real_ones() {
        let listen: SocketAddr = "0.0.0.0:9000".parse().unwrap();
        assert_eq!(url(listen), "http://127.0.0.1:9000");
        let line = here("curl localhost:8080/x -d @.local/secrets/f", &url(listen), "keys");
        assert_eq!(line, "curl 127.0.0.1:9000/x -d @keys/f");
    }
}
