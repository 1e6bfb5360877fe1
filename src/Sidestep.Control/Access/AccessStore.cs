using System.Collections.Immutable;
using Sidestep.Api.Access;
using Sidestep.Control.Stores;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Control.Access;

/// <summary>Users and tokens, in a file that only the daemon's user can read. Safe for threads.</summary>
/// <remarks>A file that cannot be read authenticates no client, and is not replaced.</remarks>
public sealed class AccessStore
{
    /// <summary>The most users, and the most tokens.</summary>
    public const int MostUsers = 1000, MostTokens = 10_000;

    /// <summary>The most invitations of agents.</summary>
    public const int MostInvitations = 10_000;

    /// <summary>The lengths of passwords, in characters.</summary>
    public const int ShortestPassword = 12, LongestPassword = 256;

    /// <summary>How long the token of a login is valid.</summary>
    public static readonly TimeSpan LoginDuration = TimeSpan.FromHours(12);

    private const int LongestName = 63, LongestDays = 366;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private AccessState _state = new();
    private ImmutableDictionary<string, StoredToken> _bySecret = ImmutableDictionary<string, StoredToken>.Empty;

    /// <summary>Reads the file, if there is one.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="time">The clock that tokens expire by.</param>
    public AccessStore(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
        var read = StateFile.Read(path, AccessJson.Default.AccessState, out string? note);
        if (read is not null && IsUsable(read))
            Use(read);
        else if (read is not null || note is not null)
        {
            Problem = $"{path}: {note ?? "not a file of this version"}; no client can log in, and users and tokens "
                + "cannot be changed. Restore the file, or delete it and start sidestepd again";
        }
    }

    /// <summary>Raised after users, tokens, invitations or revocations changed, on the thread that changed
    /// them.</summary>
    public event Action? Changed;

    /// <summary>Why the file cannot be read; null: it can.</summary>
    public string? Problem { get; }

    /// <summary>The users.</summary>
    public ImmutableArray<UserRecord> Users => [.. Volatile.Read(ref _state).Users.Select(static u => u.Record)];

    /// <summary>The tokens that have not expired.</summary>
    public ImmutableArray<TokenRecord> Tokens =>
        [.. Volatile.Read(ref _state).Tokens.Where(t => t.Expires > _time.GetUtcNow()).Select(RecordOf)];

    /// <summary>The principal of a token; null: it is unknown, or has expired or been revoked.</summary>
    public Principal? OfToken(string secret)
    {
        // A look-up by the hash reveals by its time nothing that helps to guess the secret.
        if (!Volatile.Read(ref _bySecret).TryGetValue(TokenSecret.HashOf(secret), out var token)
            || token.Expires <= _time.GetUtcNow())
            return null;
        var principal = token.User is { } user ? OfUser(user)
            : new Principal($"token {token.Name}", token.Role, token.Scope);
        return principal is null ? null : principal with { Expires = token.Expires, TokenName = token.Name };
    }

    /// <summary>The principal of a user who is authenticated already, such as by a certificate; null: there is no such
    /// user.</summary>
    public Principal? OfUser(string name) => Volatile.Read(ref _state).Users.FirstOrDefault(u => u.Name == name)
        is { } user ? new Principal($"user {user.Name}", user.Role, user.Scope) : null;

    /// <summary>True if it is the password of the user. Takes as long for a user that does not exist.</summary>
    public bool IsPassword(string name, string password)
    {
        var hash = Volatile.Read(ref _state).Users.FirstOrDefault(u => u.Name == name)?.Password;
        return (hash ?? Unknown.Value).Matches(password) && hash is not null;
    }

    /// <summary>Creates or replaces a user.</summary>
    /// <returns>True: the user is new.</returns>
    /// <exception cref="AccessException">The user cannot be like this; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool PutUser(string name, UserRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireName(name);
        RequireScope(request.Scope);
        if (request.Password is { } password)
            RequirePassword(password);
        var hash = request.Password is null ? null : PasswordHash.Of(request.Password);
        bool isNew = false;
        Change(state =>
        {
            var present = state.Users.FirstOrDefault(u => u.Name == name);
            isNew = present is null;
            if (isNew && state.Users.Length >= MostUsers)
                throw new AccessException($"there are {MostUsers} users, which is the limit: delete one");
            var user = new StoredUser(name, request.Role, request.Scope, hash ?? present?.Password,
                present?.Created ?? _time.GetUtcNow());
            // A new password ends the logins with the old one.
            return state with
            {
                Users = [.. state.Users.Where(u => u.Name != name).Append(user)
                    .OrderBy(static u => u.Name, StringComparer.Ordinal)],
                Tokens = hash is null ? state.Tokens : [.. state.Tokens.Where(t => t.User != name)],
            };
        });
        return isNew;
    }

    /// <summary>Deletes a user, and the tokens of the user's logins.</summary>
    /// <returns>False: there is no such user.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool DeleteUser(string name) => Remove(s => s with
    {
        Users = [.. s.Users.Where(u => u.Name != name)],
        Tokens = [.. s.Tokens.Where(t => t.User != name)],
    }, static s => s.Users.Length);

    /// <summary>Creates a token.</summary>
    /// <param name="request">What it is for.</param>
    /// <param name="createdBy">Who creates it.</param>
    /// <exception cref="AccessException">The token cannot be like this; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public IssuedToken CreateToken(TokenRequest request, string createdBy)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireName(request.Name);
        RequireScope(request.Scope);
        if (request.Days is < 1 or > LongestDays)
            throw new AccessException($"days is {request.Days}: write a number from 1 to {LongestDays}");
        return Issue(request.Name, request.Role, request.Scope, null, createdBy, TimeSpan.FromDays(request.Days));
    }

    /// <summary>Creates the token of a login.</summary>
    /// <param name="user">A user whose password was checked.</param>
    /// <param name="origin">The address of the client.</param>
    /// <exception cref="AccessException">There are too many tokens.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public IssuedToken LogIn(string user, string origin)
    {
        var principal = OfUser(user) ?? throw new AccessException($"there is no user '{user}'");
        return Issue($"login-{user}-{Guid.NewGuid():N}", principal.Role, principal.Scope, user,
            $"user {user} at {origin}", LoginDuration);
    }

    /// <summary>Revokes a token.</summary>
    /// <returns>False: there is no such token.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool Revoke(string name) =>
        Remove(s => s with { Tokens = [.. s.Tokens.Where(t => t.Name != name)] }, static s => s.Tokens.Length);

    /// <summary>Invites the agent of a server. An earlier invitation of the server ends.</summary>
    /// <param name="server">The name of the real server.</param>
    /// <param name="validity">How long the invitation is valid.</param>
    /// <param name="createdBy">Who invites.</param>
    /// <returns>The secret of the invitation, and when it ends.</returns>
    /// <exception cref="AccessException">There are too many invitations.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public (string Secret, DateTimeOffset Expires) Invite(string server, TimeSpan validity, string createdBy)
    {
        var now = _time.GetUtcNow();
        string secret = TokenSecret.New();
        var invitation = new StoredInvitation(server, TokenSecret.HashOf(secret), createdBy, now + validity);
        Change(state =>
        {
            var others = state.Invitations.Where(i => i.Expires > now && i.Server != server).ToArray();
            if (others.Length >= MostInvitations)
                throw new AccessException($"there are {MostInvitations} invitations, which is the limit: wait until "
                    + "one has ended");
            return state with
            {
                Invitations = [.. others.Append(invitation).OrderBy(static i => i.Server, StringComparer.Ordinal)],
            };
        });
        return (secret, invitation.Expires);
    }

    /// <summary>Redeems an invitation, which can be done once.</summary>
    /// <returns>The server; null: there is no such invitation, or it has ended.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public string? Redeem(string secret)
    {
        string hash = TokenSecret.HashOf(secret);
        string? server = null;
        Change(state =>
        {
            server = state.Invitations.FirstOrDefault(i => i.Sha256 == hash && i.Expires > _time.GetUtcNow())?.Server;
            return server is null ? state
                : state with { Invitations = [.. state.Invitations.Where(i => i.Server != server)] };
        });
        return server;
    }

    /// <summary>Revokes all certificates that the agent of a server has now, and its invitation.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void RevokeAgent(string server)
    {
        var until = DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds());
        Change(state => state with
        {
            Invitations = [.. state.Invitations.Where(i => i.Server != server)],
            // The certificates of older revocations have expired.
            Revocations = [.. state.Revocations
                .Where(r => r.Server != server && r.Until > until - OwnAuthority.AgentValidity)
                .Append(new StoredRevocation(server, until)).OrderBy(static r => r.Server, StringComparer.Ordinal)],
        });
    }

    /// <summary>The earliest start of validity that a certificate of a server may have; null: any.</summary>
    public DateTimeOffset? FirstAccepted(string server) => Volatile.Read(ref _state).Revocations
        .FirstOrDefault(r => r.Server == server)?.Until.AddSeconds(1);

    /// <summary>The hash that is compared for unknown users.</summary>
    private static Lazy<PasswordHash> Unknown { get; } = new(static () => PasswordHash.Of(TokenSecret.New()));

    private IssuedToken Issue(string name, Role role, string? scope, string? user, string createdBy, TimeSpan validity)
    {
        var now = _time.GetUtcNow();
        string secret = TokenSecret.New();
        var token = new StoredToken(name, TokenSecret.HashOf(secret), role, scope, user, createdBy, now,
            now + validity);
        Change(state =>
        {
            // Expired tokens end here, so that logins do not accumulate.
            var valid = state.Tokens.Where(t => t.Expires > now).ToArray();
            if (valid.Any(t => t.Name == name))
                throw new AccessException($"there is a token '{name}': revoke it, or take another name");
            if (valid.Length >= MostTokens)
                throw new AccessException($"there are {MostTokens} tokens, which is the limit: revoke one");
            return state with
            {
                Tokens = [.. valid.Append(token).OrderBy(static t => t.Name, StringComparer.Ordinal)],
            };
        });
        return new IssuedToken(secret, RecordOf(token));
    }

    /// <summary>A token of a login has the role that its user has now.</summary>
    private TokenRecord RecordOf(StoredToken token) => token.User is { } user && OfUser(user) is { } principal
        ? token.Record with { Role = principal.Role, Scope = principal.Scope } : token.Record;

    private bool Remove(Func<AccessState, AccessState> remove, Func<AccessState, int> count)
    {
        bool isRemoved = false;
        Change(state =>
        {
            var next = remove(state);
            isRemoved = count(next) < count(state);
            return isRemoved ? next : state;
        });
        return isRemoved;
    }

    private void Change(Func<AccessState, AccessState> change)
    {
        if (Problem is not null)
            throw new IOException(Problem);
        lock (_gate)
        {
            var next = change(_state);
            if (ReferenceEquals(next, _state))
                return;
            AtomicFile.Write(_path, file => System.Text.Json.JsonSerializer.Serialize(file, next,
                AccessJson.Default.AccessState), UnixFileMode.UserRead | UnixFileMode.UserWrite, isDurable: true);
            Use(next);
        }
        Changed?.Invoke();
    }

    private static bool IsUsable(AccessState state) =>
        state is
        {
            Version: AccessState.CurrentVersion, Users.IsDefault: false, Tokens.IsDefault: false,
            Invitations.IsDefault: false, Revocations.IsDefault: false
        }
        && state.Users.All(static u => u is { Name: not null } && IsScope(u.Scope))
        && state.Tokens.All(static t => t is { Name: not null, Sha256: not null } && IsScope(t.Scope))
        && state.Invitations.All(static i => i is { Server: not null, Sha256: not null })
        && state.Revocations.All(static r => r is { Server: not null })
        && state.Tokens.DistinctBy(static t => t.Sha256).Count() == state.Tokens.Length;

    private void Use(AccessState state)
    {
        Volatile.Write(ref _bySecret, state.Tokens.ToImmutableDictionary(static t => t.Sha256));
        Volatile.Write(ref _state, state);
    }

    private static void RequireName(string name)
    {
        if (name.Length is 0 or > LongestName
            || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@'))
        {
            throw new AccessException($"'{name}' is not a name: write 1 to {LongestName} letters, digits, '-', '_', "
                + "'.' or '@'");
        }
    }

    private static void RequireScope(string? scope)
    {
        if (!IsScope(scope))
        {
            throw new AccessException($"scope: '{scope}' is not a label selector: leave it out, or write terms like "
                + "KEY=VALUE with commas between them");
        }
    }

    private static bool IsScope(string? scope)
    {
        try
        {
            return scope is null || (!string.IsNullOrWhiteSpace(scope) && LabelSelector.Parse(scope) is not null);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static void RequirePassword(string password)
    {
        if (password.Length is < ShortestPassword or > LongestPassword)
        {
            throw new AccessException($"the password has {password.Length} characters: write {ShortestPassword} to "
                + LongestPassword);
        }
    }
}

/// <summary>A user or a token cannot be as requested. The message says why and what to do.</summary>
public sealed class AccessException : Exception
{
    /// <summary>Creates an exception with the default message of .NET.</summary>
    public AccessException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public AccessException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    public AccessException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
