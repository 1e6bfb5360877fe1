using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>Keeps the operational state in a file, over restarts of the daemon.</summary>
/// <param name="path">Path of the file.</param>
public sealed class OperationalStateStore(string path)
{
    private static readonly OperationalStateJson Json = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter<Forwarding.DrainSource>(JsonNamingPolicy.KebabCaseLower) },
    });

    /// <summary>Reads the state. A file that is missing or damaged is an empty state.</summary>
    /// <param name="note">What was wrong with the file, for the log; null: nothing.</param>
    public OperationalState Read(out string? note)
    {
        var state = StateFile.Read(path, Json.OperationalState, out note);
        if (state is { Version: OperationalState.CurrentVersion, Drains.IsDefault: false }
            && state.Drains.All(static d => d is { Server.Length: > 0 }))
            return state;
        if (state is not null)
            note = "not an operational state of this version";
        if (note is not null)
            note = $"{path}: {note}; drains of the previous run are lost";
        return new OperationalState();
    }

    /// <summary>Replaces the file as a whole.</summary>
    /// <exception cref="IOException">The disk is full, or a folder has the path of the file.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write to the folder.</exception>
    public void Write(OperationalState state) =>
        AtomicFile.Write(path, file => JsonSerializer.Serialize(file, state, Json.OperationalState));

    /// <summary>Deletes the file, if there is one.</summary>
    public void Delete() => AtomicFile.Delete(path);
}

/// <summary>The serialiser of the file.</summary>
[JsonSerializable(typeof(OperationalState))]
internal sealed partial class OperationalStateJson : JsonSerializerContext;
