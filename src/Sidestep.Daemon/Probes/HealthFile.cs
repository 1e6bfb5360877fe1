using System.Text.Json;
using Sidestep.Control.Health;
using Sidestep.Control.Stores;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>The file with the healthy servers, which the next daemon needs if it cannot take over the tables.</summary>
/// <param name="path">Path of the file, see <see cref="DirectorFiles.HealthPath"/>.</param>
/// <param name="warn">Receives failures, which never stop the daemon.</param>
internal sealed class HealthFile(string path, Action<string> warn)
{
    /// <summary>Reads the file; null if there is none, or a damaged one. The file of version 0.1.0 is not read: the
    /// tables of that version are taken over, and then the file is not needed.</summary>
    internal SavedHealth? Read()
    {
        var saved = StateFile.Read(path, StateFileJson.Default.SavedHealth, out var note);
        if (saved is not null && (saved.Servers.IsDefault
            || saved.Servers.Any(static s => s is not { Pool: not null, Encap: not null })))
        {
            note = "servers are missing, or parts of them";
            saved = null;
        }
        if (note is not null)
        {
            warn($"{path}: not readable, so servers without adopted tables are unhealthy until their checks are up: "
                + note);
        }
        return saved;
    }

    /// <summary>Replaces the file.</summary>
    internal void Write(SavedHealth health)
    {
        try
        {
            AtomicFile.Write(path, file => JsonSerializer.Serialize(file, health, StateFileJson.Default.SavedHealth));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn($"healthy servers not saved for the next start: {e.Message}");
        }
    }

    /// <summary>Removes the file.</summary>
    internal void Delete() => File.Delete(path);
}
