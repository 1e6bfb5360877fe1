using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Agent.Running;

/// <summary>The last applied spec, with which the agent starts if no director responds, also after a restart of the
/// host.</summary>
internal static class LastSpec
{
    public static void Write(string directory, ServerSpec spec) =>
        AtomicFile.Write(PathIn(directory), SpecFile.Write(spec));

    /// <returns>The spec and when it was stored (UTC); null: there is none, or the file is damaged, which is
    /// logged.</returns>
    public static (ServerSpec Spec, DateTime Stored)? Read(string directory, Action<string> log)
    {
        var path = PathIn(directory);
        try
        {
            return (SpecFile.Parse(File.ReadAllBytes(path)), File.GetLastWriteTimeUtc(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            log($"the last spec in {path} is damaged and ignored: {e.Message}");
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
