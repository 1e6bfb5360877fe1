using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Hosting.Supervision;

namespace Sidestep.Agent.Running;

/// <summary>Watches a spec file and passes on every new valid spec. An invalid one is logged, and the agent keeps the
/// last valid spec.</summary>
internal sealed class SpecWatch : IDisposable
{
    /// <summary>How often the size and the modification time of the file are checked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly string _path;
    private readonly Action<ServerSpec> _onSpec;
    private readonly Action<Problem> _log;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private (long Length, DateTime Written, bool Exists) _seen;
    private string _loggedProblems = "";

    /// <param name="path">The spec file.</param>
    /// <param name="time">Runs <see cref="Check"/> every <see cref="Interval"/>.</param>
    /// <param name="supervisor">Counts checks that fail: an exception on a timer would end the process.</param>
    /// <param name="onSpec">Receives every new valid spec.</param>
    /// <param name="log">Receives every error of an invalid one.</param>
    public SpecWatch(string path, TimeProvider time, Supervisor supervisor, Action<ServerSpec> onSpec,
        Action<Problem> log)
    {
        _path = path;
        _onSpec = onSpec;
        _log = log;
        _timer = time.CreateTimer(_ => supervisor.Try("watch of the spec file", Check), null, Interval, Interval);
    }

    /// <summary>Checks the file now, unless another thread is doing so.</summary>
    public void Check()
    {
        if (!_gate.TryEnter())
            return;
        try
        {
            if (Stamp() is var found && found != _seen)
                Read(found);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Reads the file now, changed or not. Errors that were logged before are logged again.</summary>
    public void Reload()
    {
        lock (_gate)
        {
            _loggedProblems = "";
            Read(Stamp());
        }
    }

    public void Dispose() => _timer.Dispose();

    private (long Length, DateTime Written, bool Exists) Stamp()
    {
        var file = new FileInfo(_path);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc, true) : (0, default, false);
    }

    private void Read((long Length, DateTime Written, bool Exists) stamp)
    {
        _seen = stamp;
        var problems = new List<Problem>();
        var spec = SpecFile.Read(_path, problems);
        var text = string.Join('\n', problems);
        if (text != _loggedProblems)
            problems.ForEach(_log);
        _loggedProblems = text;
        if (spec is not null)
            _onSpec(spec);
    }
}
