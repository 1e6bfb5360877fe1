using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The admin state that the local operator set, one of <see cref="AdminStates"/>. It survives a
/// restart.</summary>
internal static class StoredAdminState
{
    public static string Read(string directory) =>
        File.Exists(PathIn(directory)) ? AdminStates.Draining : AdminStates.Enabled;

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
