namespace Sidestep.Lab.Runs;

/// <summary>The lab's runs on this machine.</summary>
internal static class RunCatalog
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<RunFolder> All()
        => [.. Ids().Select(RunFolder.Open).OfType<RunFolder>()];

    /// <summary>Runs that other commands can use: left by `lab up`, or owned by a lab process that still
    /// runs.</summary>
    public static IReadOnlyList<RunFolder> Usable()
        => [.. All().Where(r => r.Record.IsDetached || r.Record.Owner.IsAlive())];

    /// <summary>The run that a command uses without `--run`.</summary>
    public static RunFolder Choose(string? id)
    {
        var usable = Usable();
        if (id is not null)
            return usable.FirstOrDefault(r => r.Id == id)
                ?? throw new LabException($"There is no run '{id}'; there are: {Describe(usable)}.");
        return usable switch
        {
            [var only] => only,
            [] => throw new LabException(
                "No run is up: start one with './sidestep lab up NAME', or with './sidestep lab' in another terminal."),
            _ => throw new LabException($"Several runs are up, choose with --run: {Describe(usable)}."),
        };
    }

    /// <summary>Removes what runs left whose owner was killed. Runs whose owner still runs are not touched.</summary>
    public static async Task RemoveStaleAsync(Action<string> log)
    {
        using var runsLock = await LockAsync();
        foreach (var id in Ids())
        {
            var folder = RunFolder.Open(id);
            if (folder is not null && (folder.Record.IsDetached || folder.Record.Owner.IsAlive()))
                continue;
            // A recent folder without a record may belong to a run that another process is creating.
            if (folder is null
                && DateTime.UtcNow - Directory.GetCreationTimeUtc(Path.Combine(LabPaths.Runs, id)) < LockTimeout)
                continue;
            log($"run {id} was left by a lab that was killed: removing it");
            await Teardown.RemoveAsync(id, folder?.Record.Processes ?? []);
        }
    }

    private static string Describe(IEnumerable<RunFolder> runs) =>
        string.Join(", ", runs.Select(r => $"{r.Id} ({r.Record.Topology})"));

    private static IEnumerable<string> Ids()
        => Directory.Exists(LabPaths.Runs)
            ? Directory.GetDirectories(LabPaths.Runs).Select(p => Path.GetFileName(p)) : [];

    // Two labs that start at the same time must not both remove the same run.
    private static async Task<FileStream> LockAsync()
    {
        Directory.CreateDirectory(LabPaths.Runs);
        FileStream? file = null;
        await Wait.UntilAsync(
            () =>
            {
                try
                {
                    file = new FileStream(Path.Combine(LabPaths.Runs, ".lock"), FileMode.OpenOrCreate,
                        FileAccess.ReadWrite, FileShare.None);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            },
            LockTimeout,
            () => $"Another sidestep-lab holds {LabPaths.Runs}/.lock",
            CancellationToken.None);
        return file!;
    }
}
