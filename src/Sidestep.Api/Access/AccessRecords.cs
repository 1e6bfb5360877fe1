using System.Collections.Immutable;

namespace Sidestep.Api.Access;

/// <summary>Who sends a request, and what it may do.</summary>
/// <param name="Name">As the audit log names it: <c>user alice</c>, <c>token ci</c>.</param>
/// <param name="Role">Its role.</param>
public sealed record SessionRecord(string Name, Role Role)
{
    /// <summary>The label selector of the objects that it is limited to; null: no limit.</summary>
    public string? Scope { get; init; }

    /// <summary>When its token ends; null: it has none.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>A user, without the hash of the password.</summary>
/// <param name="Name">The name: also the common name of the client certificates that authenticate the user.</param>
/// <param name="Role">What the user may do.</param>
public sealed record UserRecord(string Name, Role Role)
{
    /// <inheritdoc cref="SessionRecord.Scope"/>
    public string? Scope { get; init; }

    /// <summary>Whether the user can log in with a password; otherwise only with a client certificate.</summary>
    public bool HasPassword { get; init; }

    /// <summary>When the user was created.</summary>
    public DateTimeOffset Created { get; init; }
}

/// <summary>Creates or replaces a user.</summary>
/// <param name="Role">What the user may do.</param>
public sealed record UserRequest(Role Role)
{
    /// <inheritdoc cref="SessionRecord.Scope"/>
    public string? Scope { get; init; }

    /// <summary>The password, 12 to 256 characters; null: a present user retains theirs, a new one has none.</summary>
    public string? Password { get; init; }
}

/// <summary>Users, ordered by name.</summary>
/// <param name="Items">The users.</param>
public sealed record UserList(ImmutableArray<UserRecord> Items);

/// <summary>A token, without its secret.</summary>
/// <param name="Name">Its name, unique among the tokens.</param>
/// <param name="Role">What its bearer may do.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Expires">When it ends.</param>
public sealed record TokenRecord(string Name, Role Role, DateTimeOffset Created, DateTimeOffset Expires)
{
    /// <inheritdoc cref="SessionRecord.Scope"/>
    public string? Scope { get; init; }

    /// <summary>The user who logged in for it; null: it is a token of its own.</summary>
    public string? User { get; init; }

    /// <summary>Who created it, and from where.</summary>
    public string? CreatedBy { get; init; }
}

/// <summary>Tokens, ordered by name.</summary>
/// <param name="Items">The tokens that have not expired.</param>
public sealed record TokenList(ImmutableArray<TokenRecord> Items);

/// <summary>Creates a token.</summary>
/// <param name="Name">Its name, unique among the tokens.</param>
/// <param name="Role">What its bearer may do.</param>
/// <param name="Days">How long it is valid, days; 1 to 366.</param>
public sealed record TokenRequest(string Name, Role Role, int Days = 90)
{
    /// <inheritdoc cref="SessionRecord.Scope"/>
    public string? Scope { get; init; }
}

/// <summary>A token with its secret, which is sent once and stored nowhere.</summary>
/// <param name="Token">What follows <c>Bearer </c> in the header Authorization (RFC 6750 section 2.1).</param>
/// <param name="Record">The token.</param>
public sealed record IssuedToken(string Token, TokenRecord Record);

/// <summary>Exchanges a password for a token.</summary>
/// <param name="User">The user.</param>
/// <param name="Password">The password.</param>
public sealed record LoginRequest(string User, string Password);
