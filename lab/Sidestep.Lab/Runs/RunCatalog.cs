namespace Sidestep.Lab.Runs;

/// <summary>The runs on this machine.</summary>
internal static class RunCatalog
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<RunFolder> All()
        => [.. Ids().Select(RunFolder.Open).OfType<RunFolder>()];

    /// <summary>Runs that somebody can look at: kept by `lab up`, or looked after by a lab process that lives.</summary>
    public static IReadOnlyList<RunFolder> Usable()
        => [.. All().Where(r => r.Record.IsDetached || r.Record.Owner.IsAlive())];

    /// <summary>The run that a command without further word means.</summary>
    public static RunFolder Choose(string? id)
    {
        var usable = Usable();
        if (id is not null)
            return usable.FirstOrDefault(r => r.Id == id) ?? throw new LabException($"There is no run '{id}'; there are: {Describe(usable)}.");
        return usable switch
        {
            [var only] => only,
            [] => throw new LabException("Nothing is up: './sidestep lab up NAME' first, or './sidestep lab' in another terminal."),
            _ => throw new LabException($"Several runs are up, choose with --run: {Describe(usable)}."),
        };
    }

    /// <summary>Removes what runs left whose owner was killed. Runs of others that still live are not touched.</summary>
    public static async Task RemoveStaleAsync(Action<string> log)
    {
        using var runsLock = await LockAsync();
        foreach (var id in Ids())
        {
            var folder = RunFolder.Open(id);
            if (folder is not null && (folder.Record.IsDetached || folder.Record.Owner.IsAlive()))
                continue;
            // A folder without a record may be a run that another process is just creating; it is young then.
            if (folder is null && DateTime.UtcNow - Directory.GetCreationTimeUtc(Path.Combine(LabPaths.Runs, id)) < LockTimeout)
                continue;
            log($"run {id} was left behind by a lab that was killed: removing what it made");
            await Teardown.RemoveAsync(id, folder?.Record.Processes ?? []);
        }
    }

    private static string Describe(IEnumerable<RunFolder> runs) => string.Join(", ", runs.Select(r => $"{r.Id} ({r.Record.Topology})"));

    private static IEnumerable<string> Ids()
        => Directory.Exists(LabPaths.Runs) ? Directory.GetDirectories(LabPaths.Runs).Select(p => Path.GetFileName(p)) : [];

    // Two starts at the same time must not both remove the same run.
    private static async Task<FileStream> LockAsync()
    {
        Directory.CreateDirectory(LabPaths.Runs);
        FileStream? file = null;
        await Wait.UntilAsync(
            () =>
            {
                try
                {
                    file = new FileStream(Path.Combine(LabPaths.Runs, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
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
