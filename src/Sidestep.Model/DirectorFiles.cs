namespace Sidestep.Model;

/// <summary>The files of a director below <c>/run/sidestep</c> and <c>/var/lib/sidestep</c>, and the lock that shows
/// whether its daemon runs.</summary>
public static class DirectorFiles
{
    /// <summary>Path of the file that the daemon keeps locked while it runs.</summary>
    public static string LockPath(NodeSettings node) => BasePath(node) + ".lock";

    /// <summary>Path of the Unix socket on which the running daemon serves its local API, to root only.</summary>
    public static string SocketPath(NodeSettings node) => BasePath(node) + ".sock";

    /// <summary>Path of the list of multicast MAC addresses that the daemon added to interfaces. Only the next daemon
    /// reads it; version 0.1.0 kept its status there.</summary>
    public static string MulticastPath(NodeSettings node) => BasePath(node) + ".json";

    /// <summary>Path of the list of healthy servers. Only the next daemon reads it; version 0.1.0 kept its health
    /// report there.</summary>
    public static string HealthPath(NodeSettings node) => BasePath(node) + ".health.json";

    /// <summary>Prefix of the paths of the files in which the managed engine keeps its flow table.</summary>
    public static string PersistentStatePrefix(NodeSettings node) => BasePath(node);

    /// <summary>Path of the file in which the daemon keeps drains and other operational state over its
    /// restarts.</summary>
    public static string OperationalStatePath(NodeSettings node) => BasePath(node) + ".state.json";

    /// <summary>The folder of what outlives a restart of the machine, unless the daemon's options name
    /// another.</summary>
    public const string StateFolder = "/var/lib/sidestep";

    /// <summary>Path of the file with users and tokens.</summary>
    /// <param name="node">The director.</param>
    /// <param name="stateFolder">The folder, <see cref="StateFolder"/> usually.</param>
    public static string AccessPath(NodeSettings node, string stateFolder) =>
        Path.Combine(stateFolder, BaseName(node) + ".access.json");

    /// <summary>Path of the audit log, without its suffix.</summary>
    /// <inheritdoc cref="AccessPath"/>
    public static string AuditPath(NodeSettings node, string stateFolder) =>
        Path.Combine(stateFolder, BaseName(node) + ".audit");

    /// <summary>Path of the file with the overrides of real servers.</summary>
    /// <inheritdoc cref="AccessPath"/>
    public static string OverridesPath(NodeSettings node, string stateFolder) =>
        Path.Combine(stateFolder, BaseName(node) + ".overrides.json");

    /// <summary>Path of the folder of the director's own certificate authority.</summary>
    /// <inheritdoc cref="AccessPath"/>
    public static string AuthorityPath(NodeSettings node, string stateFolder) =>
        Path.Combine(stateFolder, BaseName(node) + ".authority");

    /// <summary>True while a daemon of this director runs: it keeps <see cref="LockPath"/> locked. False also without
    /// the permission to look.</summary>
    public static bool IsRunning(NodeSettings node)
    {
        try
        {
            using var file = new FileStream(LockPath(node), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException
            or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>One base name per pinned director. The pin folder is part of it, because names of directors are unique
    /// only there.</summary>
    private static string BasePath(NodeSettings node) => "/run/sidestep/" + BaseName(node);

    private static string BaseName(NodeSettings node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return $"{node.PinPath.Trim('/').Replace('/', '-')}-{node.Name}";
    }
}
