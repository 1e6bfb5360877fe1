using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Model;

/// <summary>The state of a director's daemon, in a file that outlives the daemon: <c>sidestep status</c> reads it even
/// when no daemon runs.</summary>
public sealed record DaemonReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Process id of the daemon; valid only while <see cref="LockPath"/> is locked.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Time at which the daemon started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>True until the first configuration of this daemon is in force. Until then, an adopted one of its
    /// predecessor may forward.</summary>
    public bool IsStarting { get; init; }

    /// <summary>The engine that forwards: <c>xdp</c> or <c>managed</c>, never <see cref="EngineKind.Auto"/>.</summary>
    public EngineKind Engine { get; init; } = EngineKind.Xdp;

    /// <summary>Path of the configuration file.</summary>
    public required string ConfigurationFile { get; init; }

    /// <summary>Why the newest configuration is not in force, one line each; empty if it is.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Servers without a next hop, and why, one line each.</summary>
    public ImmutableArray<string> Unresolved { get; init; } = [];

    /// <summary>How the daemon started: adopted tables, fallback to generic mode and so on; one line each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Functions that do not work as configured although packets are forwarded, and why; one line
    /// each.</summary>
    public ImmutableArray<string> Degraded { get; init; } = [];

    /// <summary>Other hosts that answer for VIPs of this director, one line each.</summary>
    public ImmutableArray<string> Alarms { get; init; } = [];

    /// <summary>Multicast MAC addresses that the daemon added to the filters of interfaces: name of the interface, a
    /// space and the MAC address. These filters outlive the daemon; the next daemon removes the entries that it does
    /// not need.</summary>
    public ImmutableArray<string> MulticastMacs { get; init; } = [];

    /// <summary>Path of the report of a director.</summary>
    public static string PathOf(DirectorSettings director) => BasePath(director) + ".json";

    /// <summary>Path of the file that the daemon keeps locked while it runs.</summary>
    public static string LockPath(DirectorSettings director) => BasePath(director) + ".lock";

    /// <summary>Path of the Unix socket on which the running daemon serves its local API, to root only.</summary>
    public static string SocketPath(DirectorSettings director) => BasePath(director) + ".sock";

    /// <summary>Prefix of the paths of the files in which the managed engine keeps its flow table.</summary>
    public static string PersistentStatePrefix(DirectorSettings director) => BasePath(director);

    /// <summary>Path of the file in which the daemon keeps drains and other operational state over its
    /// restarts.</summary>
    public static string OperationalStatePath(DirectorSettings director) => BasePath(director) + ".state.json";

    /// <summary>Replaces the report as a whole: a reader finds the old one or the new one.</summary>
    public void Write(DirectorSettings director) =>
        AtomicFile.Write(PathOf(director), file => JsonSerializer.Serialize(file, this, Json));

    /// <summary>Reads the report; null if there is none.</summary>
    public static DaemonReport? Read(DirectorSettings director)
    {
        try
        {
            return JsonSerializer.Deserialize<DaemonReport>(File.ReadAllText(PathOf(director)), Json);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>True while a daemon of this director runs: it keeps <see cref="LockPath"/> locked.</summary>
    public static bool IsRunning(DirectorSettings director)
    {
        try
        {
            using var file = new FileStream(LockPath(director), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DirectoryNotFoundException)
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
    private static string BasePath(DirectorSettings director) =>
        $"/run/sidestep/{director.PinPath.Trim('/').Replace('/', '-')}-{director.Name}";
}
