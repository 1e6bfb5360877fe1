namespace Sidestep.Lab.Processes;

/// <summary>A process of the lab that reads commands and writes results, both in lines.</summary>
internal sealed class PipedProcess : IDisposable
{
    private static readonly TimeSpan EndTimeout = ScaledTimeout.Seconds(2);

    private readonly NamespaceProcess _process;
    private readonly string _name;

    private PipedProcess(NamespaceProcess process, string name, Action<string> onLine)
    {
        _process = process;
        _name = name;
        Ended = ReadAsync(onLine);
    }

    /// <summary>Completes when the process has ended with 0 and all its lines are read; fails if it ends with another
    /// code.</summary>
    public Task Ended { get; }

    /// <param name="onLine">Called for each line, one at a time.</param>
    public static PipedProcess Start(LabRun run, string node, string name, IReadOnlyList<string> command,
        Action<string> onLine)
        => new(run.Launch(node, name, command, piped: true), name, onLine);

    public async Task SendLineAsync(string line)
    {
        try
        {
            await _process.Process.StandardInput.WriteLineAsync(line);
            await _process.Process.StandardInput.FlushAsync();
        }
        catch (IOException e)
        {
            // A process that has ended with 0 needs no more commands.
            await Task.WhenAny(Ended, Task.Delay(EndTimeout));
            if (Ended.IsCompletedSuccessfully)
                return;
            throw new LabException(
                $"The {_name} process accepts no more commands ('{line}'): {NamespaceProcess.Tail(_process.Log)}", e);
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task ReadAsync(Action<string> onLine)
    {
        while (await _process.Process.StandardOutput.ReadLineAsync() is { } line)
            onLine(line);
        await _process.Process.WaitForExitAsync();
        if (_process.Process.ExitCode != 0)
            throw new LabException(
                $"The {_name} process ended with {_process.Process.ExitCode}: "
                    + $"{NamespaceProcess.Tail(_process.Log, 20)}");
    }
}
