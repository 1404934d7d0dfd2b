//! Who may do what: principals, roles, actions, scopes, tokens.
