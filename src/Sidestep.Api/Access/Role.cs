namespace Sidestep.Api.Access;

/// <summary>What a user or a token may do. Each role includes the ones before it.</summary>
/// <remarks>Agents have no role of this kind: the certificate of a real server authorises the requests of its agent
/// alone.</remarks>
public enum Role
{
    /// <summary>Reads everything but secrets and payload.</summary>
    Viewer,

    /// <summary>Also drains servers, runs the doctor, and captures frames, which have payload.</summary>
    Operator,

    /// <summary>Also changes the configuration, users and tokens.</summary>
    Administrator,
}

/// <summary>Names of roles, as in JSON.</summary>
public static class RoleNames
{
    /// <summary>The name of a role, such as <c>viewer</c>.</summary>
    public static string Name(this Role role) => role.ToString().ToLowerInvariant();
}
