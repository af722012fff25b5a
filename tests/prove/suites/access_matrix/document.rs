//! The committed OpenAPI document as an attacker reads it: what can be called, with which ids, and what it is said to
//! need. It is the other side of the rights table: the code is asked whether it keeps what the document promises.

use anyhow::{Context, bail};
use innkeep::rights::Needs;
use innkeep_domain::Permission;
use serde_json::Value;

const COMMITTED: &str = include_str!("../../../../openapi/innkeep.json");

pub struct Document(Value);

pub struct Operation {
    pub id: String,
    pub method: String,
    /// As in the document: `/v1/properties/{id}/extras/{extra_id}`.
    pub path: String,
    pub needs: Needs,
    /// A second permission.
    pub besides: Option<Permission>,
    /// Name and schema of what stands behind the `?`.
    pub query: Vec<Parameter>,
    pub body: Option<Value>,
}

pub struct Parameter {
    pub name: String,
    pub required: bool,
    pub schema: Value,
}

impl Operation {
    pub fn is_safe(&self) -> bool {
        self.method == "GET"
    }

    /// The path's parameters, each with the kind of thing that it names: `("extra_id", "extras")`.
    pub fn path_ids(&self) -> Vec<(&str, &str)> {
        let segments: Vec<&str> = self.path.split('/').collect();
        let pairs = segments.windows(2);
        pairs
            .filter_map(|pair| Some((pair[1].strip_prefix('{')?.strip_suffix('}')?, pair[0])))
            .collect()
    }

    pub fn takes(&self, parameter: &str) -> bool {
        self.query.iter().any(|p| p.name == parameter)
    }
}

impl Document {
    pub fn committed() -> anyhow::Result<Self> {
        Ok(Self(serde_json::from_str(COMMITTED)?))
    }

    pub fn operations(&self) -> anyhow::Result<Vec<Operation>> {
        let mut all = Vec::new();
        for (path, methods) in self.0["paths"].as_object().into_iter().flatten() {
            for (method, told) in methods.as_object().into_iter().flatten() {
                all.push(operation(path, method, told).with_context(|| format!("{method} {path}"))?);
            }
        }
        Ok(all)
    }

    /// The schema itself, where another is named or wrapped to carry a description.
    pub fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        loop {
            if let Some(name) = schema["$ref"].as_str() {
                schema = &self.0["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()];
            } else if schema["allOf"].is_array() {
                schema = &schema["allOf"][0];
            } else {
                return schema;
            }
        }
    }
}

fn operation(path: &str, method: &str, told: &Value) -> anyhow::Result<Operation> {
    let parameters = told["parameters"].as_array().into_iter().flatten();
    let query = parameters.filter(|p| p["in"] == "query").map(|p| Parameter {
        name: p["name"].as_str().unwrap_or_default().to_owned(),
        required: p["required"] == true,
        schema: p["schema"].clone(),
    });
    let content = told["requestBody"]["content"].as_object();
    let body = content.and_then(|c| c.get("application/json"));
    Ok(Operation {
        id: told["operationId"].as_str().context("no operationId")?.to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        needs: needs(&told["x-needs"])?,
        besides: told["x-needs"]["besides"].as_str().and_then(Permission::parse),
        query: query.collect(),
        body: body.map(|media| media["schema"].clone()),
    })
}

fn needs(told: &Value) -> anyhow::Result<Needs> {
    let permission = told["permission"].as_str().map(Permission::parse);
    Ok(match (told["credential"].as_str(), permission.flatten()) {
        (Some("none"), None) => Needs::Nothing,
        (Some("person"), None) => Needs::Person,
        (Some("operator"), None) => Needs::Operator,
        (Some("tenant"), Some(permission)) if told["all_properties"] == true => {
            Needs::WholeTenant(permission)
        }
        (Some("tenant"), Some(permission)) => Needs::Tenant(permission),
        _ => bail!("x-needs is {told}"),
    })
}
