using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Api;
using Sidestep.Api.ServerOverrides;
using Sidestep.Control.Stores;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.ServerOverrides;

/// <summary>The overrides of real servers, in a file that outlives a restart of the machine. Safe for
/// threads.</summary>
public sealed class OverrideStore
{
    /// <summary>The most overrides.</summary>
    public const int Most = 10_000;

    private readonly string _path;
    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<(string Pool, string Server), OverrideRecord> _overrides =
        ImmutableSortedDictionary<(string, string), OverrideRecord>.Empty;

    /// <summary>Reads the file, if there is one.</summary>
    /// <param name="path">Path of the file.</param>
    public OverrideStore(string path)
    {
        _path = path;
        var read = StateFile.Read(path, OverrideJson.Default.OverrideFile, out string? note);
        if (read is { Version: OverrideFile.CurrentVersion, Overrides.IsDefault: false }
            && read.Overrides.All(static o => o is { Pool: not null, Server: not null }))
            _overrides = read.Overrides.ToImmutableSortedDictionary(static o => (o.Pool, o.Server), static o => o);
        else if (read is not null || note is not null)
        {
            Problem = $"{path}: {note ?? "not a file of this version"}; no override is in force, and none can be "
                + "changed. Restore the file, or delete it and start sidestepd again";
        }
    }

    /// <summary>Why the file cannot be read; null: it can.</summary>
    public string? Problem { get; }

    /// <summary>All overrides, ordered by pool and server.</summary>
    public ImmutableArray<OverrideRecord> All => [.. Volatile.Read(ref _overrides).Values];

    /// <summary>The override of a server; null: there is none.</summary>
    public OverrideRecord? Find(string pool, string server) =>
        Volatile.Read(ref _overrides).GetValueOrDefault((pool, server));

    /// <summary>Sets or removes the override of a server.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="server">The name of the server.</param>
    /// <param name="edit">Returns the new override for the present one; null stands for none.</param>
    /// <returns>True: it differs from the one before.</returns>
    /// <exception cref="IOException">The file cannot be written, or there are too many overrides.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public bool Change(string pool, string server, Func<OverrideRecord?, OverrideRecord?> edit)
    {
        ArgumentNullException.ThrowIfNull(edit);
        if (Problem is not null)
            throw new IOException(Problem);
        lock (_gate)
        {
            var before = _overrides.GetValueOrDefault((pool, server));
            var after = edit(before);
            if (after == before)
                return false;
            var next = after is null ? _overrides.Remove((pool, server)) : _overrides.SetItem((pool, server), after);
            if (next.Count > Most)
                throw new IOException($"there are {Most} overrides, which is the limit: remove one");
            AtomicFile.Write(_path, file => JsonSerializer.Serialize(file,
                new OverrideFile { Overrides = [.. next.Values] }, OverrideJson.Default.OverrideFile),
                isDurable: true);
            Volatile.Write(ref _overrides, next);
            return true;
        }
    }

    /// <summary>A configuration with all overrides.</summary>
    public EffectiveConfiguration ApplyTo(Configuration configuration) =>
        new EffectiveConfiguration(configuration).WithOverrides([.. Volatile.Read(ref _overrides).Values.Select(Of)]);

    /// <summary>An override as the tables take it.</summary>
    public static ServerOverride Of(OverrideRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new ServerOverride(PoolKey.Parse(record.Pool), record.Server, record.State switch
        {
            OverrideState.Draining => ServerState.Draining,
            OverrideState.Maintenance => ServerState.Disabled,
            _ => null,
        }, record.Weight);
    }
}

/// <summary>The content of the file.</summary>
public sealed record OverrideFile
{
    /// <summary>The format of the file; a file of another format is not read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The format that the file was written in.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The overrides, ordered by pool and server.</summary>
    public ImmutableArray<OverrideRecord> Overrides { get; init; } = [];
}

/// <summary>The serialiser of the file.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Converters = [typeof(KebabCaseJson<OverrideState>)])]
[JsonSerializable(typeof(OverrideFile))]
internal sealed partial class OverrideJson : JsonSerializerContext;
