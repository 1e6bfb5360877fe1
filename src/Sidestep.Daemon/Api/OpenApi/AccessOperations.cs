using Sidestep.Api.Access;

namespace Sidestep.Daemon.Api.OpenApi;

/// <summary>What the OpenAPI document says about the endpoints for users, tokens and logins.</summary>
internal static class AccessOperations
{
    internal static ApiOperation Session { get; } = new("getSession", "Who sends this request, and what it may do",
        ApiSchemas.NameOf<SessionRecord>())
    {
        Target = ApiTarget.Sender,
    };

    /// <summary>Needs no role: it is how a user gets one.</summary>
    internal static ApiOperation LogIn { get; } = new("logIn", "Exchanges a password for a token",
        ApiSchemas.NameOf<IssuedToken>())
    {
        Body = ApiSchemas.NameOf<LoginRequest>(),
        Target = ApiTarget.Sender,
        IsAudited = true,
        NeedsCredentials = false,
    };

    internal static ApiOperation LogOut { get; } = new("logOut", "Revokes the token of this request", null)
    {
        Target = ApiTarget.Sender,
        IsAudited = true,
        HasContent = false,
    };

    /// <summary>Not in the document, which is for operators.</summary>
    internal static ApiOperation AgentDrain { get; } = new("drainOwnServer", "Drains the server of an agent", null)
    {
        IsAudited = true,
    };

    /// <summary>Not in the document, as above.</summary>
    internal static ApiOperation Enrol { get; } = new("enrol", "Gives an invited agent its certificate", null)
    {
        NeedsCredentials = false,
        IsAudited = true,
    };

    /// <summary>Not in the document, as above.</summary>
    internal static ApiOperation Renew { get; } = new("renew", "Gives an agent its next certificate", null)
    {
        IsAudited = true,
    };

    internal static ApiOperation InviteAgent { get; } = new("inviteAgent",
        "Lets the agent of a real server get a certificate, once", ApiSchemas.NameOf<Invitation>())
    {
        Role = Role.Administrator,
        IsAudited = true,
        Query = [ApiParameter.Number(Access.EnrolmentHandlers.Minutes, "How long the invitation is valid; without it "
            + "60.",
            1, Access.EnrolmentHandlers.MostMinutes)],
    };

    internal static ApiOperation RevokeAgent { get; } = new("revokeAgent",
        "Revokes the certificates and the invitation of an agent", null)
    {
        Role = Role.Administrator,
        IsAudited = true,
        HasContent = false,
    };

    internal static ApiOperation ListUsers { get; } = new("listUsers", "The users, ordered by name",
        ApiSchemas.NameOf<UserList>())
    {
        Role = Role.Administrator,
    };

    internal static ApiOperation PutUser { get; } = new("putUser", "Replaces a user, or creates it",
        ApiSchemas.NameOf<UserRecord>())
    {
        Role = Role.Administrator,
        Body = ApiSchemas.NameOf<UserRequest>(),
        Creates = true,
        IsAudited = true,
    };

    internal static ApiOperation DeleteUser { get; } = new("deleteUser", "Deletes a user and the user's tokens", null)
    {
        Role = Role.Administrator,
        IsAudited = true,
        HasContent = false,
    };

    internal static ApiOperation ListTokens { get; } = new("listTokens", "The tokens, without their secrets",
        ApiSchemas.NameOf<TokenList>())
    {
        Role = Role.Administrator,
    };

    internal static ApiOperation CreateToken { get; } = new("createToken",
        "Creates a token, whose secret is in this response only", ApiSchemas.NameOf<IssuedToken>())
    {
        Role = Role.Administrator,
        Body = ApiSchemas.NameOf<TokenRequest>(),
        Creates = true,
        IsAudited = true,
    };

    internal static ApiOperation RevokeToken { get; } = new("revokeToken", "Revokes a token", null)
    {
        Role = Role.Administrator,
        IsAudited = true,
        HasContent = false,
    };
}
