namespace Sidestep.Lab;

/// <summary>The page that HTTP monitors ask for. All servers of a run serve the same file, so that it breaks on all of
/// them at once.</summary>
internal static class HealthPage
{
    /// <summary>Lets the servers answer with it.</summary>
    public static void Write(string runFolder) => File.WriteAllText(PathIn(runFolder), "ready\n");

    /// <summary>Lets the servers answer with status code 404.</summary>
    public static void Delete(string runFolder) => File.Delete(PathIn(runFolder));

    private static string PathIn(string runFolder) =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(runFolder, "www")).FullName, "health");
}
