using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Agent.Running;

/// <summary>The duties that the agent goes on with when no director answers, also after a restart of the host.</summary>
internal static class LastDuties
{
    public static void Write(string directory, Duties duties) => ReplacedFile.Write(PathIn(directory), DutiesFile.Write(duties));

    /// <returns>Null when there are none, or when the file cannot be understood, which <paramref name="say"/> is told.</returns>
    public static (Duties Duties, DateTime Stored)? Read(string directory, Action<string> say)
    {
        var path = PathIn(directory);
        try
        {
            return (DutiesFile.Parse(File.ReadAllBytes(path)), File.GetLastWriteTime(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            say($"the last duties in {path} are damaged and of no use: {e.Message}");
            return null;
        }
    }

    public static void Delete(string directory)
    {
        if (Directory.Exists(directory))
            File.Delete(PathIn(directory));
    }

    private static string PathIn(string directory) => Path.Combine(directory, "duties.json");
}

/// <summary>Whether the local operator wishes this server to be drained; outlives a restart.</summary>
internal static class StoredWish
{
    public static string Read(string directory) => File.Exists(PathIn(directory)) ? OperatorWish.Draining : OperatorWish.Enabled;

    public static void Write(string directory, string wish)
    {
        Directory.CreateDirectory(directory);
        if (wish == OperatorWish.Draining)
            File.WriteAllText(PathIn(directory), "");
        else
            File.Delete(PathIn(directory));
    }

    private static string PathIn(string directory) => Path.Combine(directory, "draining");
}
