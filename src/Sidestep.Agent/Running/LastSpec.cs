using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Agent.Running;

/// <summary>The duties that the agent goes on with when no director answers, also after a restart of the host.</summary>
internal static class LastSpec
{
    public static void Write(string directory, ServerSpec spec) => AtomicFile.Write(PathIn(directory), SpecFile.Write(spec));

    /// <returns>Null when there are none, or when the file cannot be understood, which <paramref name="log"/> is told.</returns>
    public static (ServerSpec Spec, DateTime Stored)? Read(string directory, Action<string> log)
    {
        var path = PathIn(directory);
        try
        {
            return (SpecFile.Parse(File.ReadAllBytes(path)), File.GetLastWriteTime(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            log($"the last duties in {path} are damaged and of no use: {e.Message}");
            return null;
        }
    }

    public static void Delete(string directory)
    {
        if (Directory.Exists(directory))
            File.Delete(PathIn(directory));
    }

    private static string PathIn(string directory) => Path.Combine(directory, "spec.json");
}

/// <summary>Whether the local operator wishes this server to be drained; outlives a restart.</summary>
internal static class StoredAdminState
{
    public static string Read(string directory) => File.Exists(PathIn(directory)) ? AdminStates.Draining : AdminStates.Enabled;

    public static void Write(string directory, string adminState)
    {
        Directory.CreateDirectory(directory);
        if (adminState == AdminStates.Draining)
            File.WriteAllText(PathIn(directory), "");
        else
            File.Delete(PathIn(directory));
    }

    private static string PathIn(string directory) => Path.Combine(directory, "draining");
}
