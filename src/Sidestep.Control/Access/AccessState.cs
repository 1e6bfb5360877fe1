using System.Collections.Immutable;
using Sidestep.Api.Access;

namespace Sidestep.Control.Access;

/// <summary>The content of the file with users and tokens.</summary>
public sealed record AccessState
{
    /// <summary>The format of the file; a file of another format is not read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The format that the state was written in.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The users, ordered by name.</summary>
    public ImmutableArray<StoredUser> Users { get; init; } = [];

    /// <summary>The tokens, ordered by name.</summary>
    public ImmutableArray<StoredToken> Tokens { get; init; } = [];

    /// <summary>The invitations of agents, ordered by server.</summary>
    public ImmutableArray<StoredInvitation> Invitations { get; init; } = [];

    /// <summary>The revocations of agents' certificates, ordered by server.</summary>
    public ImmutableArray<StoredRevocation> Revocations { get; init; } = [];
}

/// <summary>Lets the agent of a server get a certificate, once.</summary>
/// <param name="Server">The name of the real server.</param>
/// <param name="Sha256">The SHA-256 of the secret, lower-case hexadecimal digits.</param>
/// <param name="CreatedBy">Who created it.</param>
/// <param name="Expires">When it ends.</param>
public sealed record StoredInvitation(string Server, string Sha256, string CreatedBy, DateTimeOffset Expires);

/// <summary>Certificates of an agent that are no longer accepted.</summary>
/// <param name="Server">The name of the real server.</param>
/// <param name="Until">Those that were valid at this time, a whole second, or before.</param>
public sealed record StoredRevocation(string Server, DateTimeOffset Until);

/// <summary>A user.</summary>
/// <param name="Name">The name.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="Scope">The label selector that limits the user; null: no limit.</param>
/// <param name="Password">The hash of the password; null: there is none.</param>
/// <param name="Created">When the user was created.</param>
public sealed record StoredUser(string Name, Role Role, string? Scope, PasswordHash? Password, DateTimeOffset Created)
{
    /// <summary>The user without the hash.</summary>
    public UserRecord Record => new(Name, Role)
    {
        Scope = Scope,
        HasPassword = Password is not null,
        Created = Created,
    };
}

/// <summary>A token.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sha256">The SHA-256 of its secret, lower-case hexadecimal digits.</param>
/// <param name="Role">What its bearer may do; without meaning if there is a user.</param>
/// <param name="Scope">The label selector that limits it; without meaning if there is a user.</param>
/// <param name="User">The user who logged in for it, whose role it has; null: it is a token of its own.</param>
/// <param name="CreatedBy">Who created it.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Expires">When it ends.</param>
public sealed record StoredToken(string Name, string Sha256, Role Role, string? Scope, string? User, string CreatedBy,
    DateTimeOffset Created, DateTimeOffset Expires)
{
    /// <summary>The token without the hash.</summary>
    public TokenRecord Record => new(Name, Role, Created, Expires)
    {
        Scope = Scope,
        User = User,
        CreatedBy = CreatedBy,
    };
}
