using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Model;

/// <summary>What a director's daemon says of itself, in a file that outlives it: for status, with or without the daemon.</summary>
public sealed record DaemonReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Process id; valid only while <see cref="LockPath"/> is locked.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Whether none of its configurations has come into force yet: until then an adopted one of its predecessor is.</summary>
    public bool IsStarting { get; init; }

    /// <summary>What forwards.</summary>
    public EngineKind Engine { get; init; } = EngineKind.Xdp;

    /// <summary>The configuration file.</summary>
    public required string ConfigurationFile { get; init; }

    /// <summary>Why the newest configuration is not in force; empty when it is.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Servers without a next hop, and why.</summary>
    public ImmutableArray<string> Unresolved { get; init; } = [];

    /// <summary>What there is to know about how it came up: adopted tables, fallback to generic mode.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>What does not work as it should, although packets are forwarded, and why.</summary>
    public ImmutableArray<string> Degraded { get; init; } = [];

    /// <summary>Who else answers for VIPs of this director.</summary>
    public ImmutableArray<string> Alarms { get; init; } = [];

    /// <summary>Multicast addresses that were entered into the lists of interfaces, which outlive the daemon: interface and Ethernet
    /// address. The next run takes back what it does not need.</summary>
    public ImmutableArray<string> MulticastMacs { get; init; } = [];

    /// <summary>Where the report of a director lies.</summary>
    public static string PathOf(DirectorSettings director) => BasePath(director) + ".json";

    /// <summary>The file that the daemon keeps locked while it runs.</summary>
    public static string LockPath(DirectorSettings director) => BasePath(director) + ".lock";

    /// <summary>The Unix socket that the running daemon answers on: only root may.</summary>
    public static string SocketPath(DirectorSettings director) => BasePath(director) + ".sock";

    /// <summary>What the names of files begin with in which the managed engine keeps what it remembers.</summary>
    public static string PersistentStatePrefix(DirectorSettings director) => BasePath(director);

    /// <summary>Replaces the report, so that a reader finds the old one or the new one.</summary>
    public void Write(DirectorSettings director) => AtomicFile.Write(PathOf(director), file => JsonSerializer.Serialize(file, this, Json));

    /// <summary>Reads the report; null when there is none.</summary>
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

    /// <summary>True while a daemon of this director runs.</summary>
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

    /// <summary>One name for each pinned director: the pin folder is part of it, since names are unique only there.</summary>
    private static string BasePath(DirectorSettings director) =>
        $"/run/sidestep/{director.PinPath.Trim('/').Replace('/', '-')}-{director.Name}";
}
