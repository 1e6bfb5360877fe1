using System.Collections.Immutable;
using System.Text.Json;
using Sidestep.Control.Stores;
using Sidestep.Model;

namespace Sidestep.Daemon.Multicast;

/// <summary>The file with the multicast MAC addresses that a director added to interfaces. They outlive the daemon, and
/// the next daemon removes those that it does not need.</summary>
/// <param name="path">Path of the file, see <see cref="DirectorFiles.MulticastPath"/>.</param>
/// <param name="warn">Receives failures, which never stop the daemon.</param>
internal sealed class MulticastFile(string path, Action<string> warn)
{
    /// <summary>Reads the list; empty if there is no file, or a damaged one.</summary>
    internal ImmutableArray<string> Read()
    {
        var content = StateFile.Read(path, StateFileJson.Default.SavedMulticast, out var note);
        if (note is not null)
        {
            warn($"{path}: not readable, so multicast addresses that an earlier run added to interfaces stay there "
                + $"(`ip maddress` lists them): {note}");
        }
        return content?.MulticastMacs ?? content?.Groups ?? [];
    }

    /// <summary>Replaces the list.</summary>
    internal void Write(ImmutableArray<string> macs)
    {
        try
        {
            AtomicFile.Write(path, file => JsonSerializer.Serialize(file, new SavedMulticast { MulticastMacs = macs },
                StateFileJson.Default.SavedMulticast));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn($"multicast addresses not saved, the next run will not remove them: {e.Message}");
        }
    }

    /// <summary>Removes the file.</summary>
    internal void Delete() => File.Delete(path);
}

/// <summary>The content of the file. Each entry is the name of an interface, a space and a MAC address.</summary>
internal sealed record SavedMulticast
{
    /// <summary>The entries; null: version 0.1.0 wrote the file.</summary>
    public ImmutableArray<string>? MulticastMacs { get; init; }

    /// <summary>The entries of version 0.1.0, in the file that was also its status. Never written.</summary>
    public ImmutableArray<string>? Groups { get; init; }
}
