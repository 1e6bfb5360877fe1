using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sidestep.Control.Stores;

/// <summary>Reads the small files that a daemon writes for its own next start.</summary>
public static class StateFile
{
    /// <summary>Reads a file; null if there is none, or a damaged one.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="type">How the content is serialised.</param>
    /// <param name="note">Why the file cannot be read; null: it can, or there is none.</param>
    public static T? Read<T>(string path, JsonTypeInfo<T> type, out string? note) where T : class
    {
        note = null;
        try
        {
            using var file = File.OpenRead(path);
            if (JsonSerializer.Deserialize(file, type) is { } content)
                return content;
            note = "it contains null";
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            note = e.Message;
            return null;
        }
    }
}
