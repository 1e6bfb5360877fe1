using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Watches a spec file and passes on every new valid spec. An invalid one is logged, and the agent keeps the
/// last valid spec.</summary>
internal sealed class SpecWatch : IDisposable
{
    /// <summary>How often the size and the modification time of the file are checked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly string _path;
    private readonly Action<ServerSpec> _onSpec;
    private readonly Action<string> _log;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private (long Length, DateTime Written, bool Exists) _seen;
    private string _loggedProblems = "";

    /// <param name="path">The spec file.</param>
    /// <param name="time">Runs <see cref="Check"/> every <see cref="Interval"/>.</param>
    /// <param name="onSpec">Receives every new valid spec.</param>
    /// <param name="log">Receives the errors of an invalid one.</param>
    public SpecWatch(string path, TimeProvider time, Action<ServerSpec> onSpec, Action<string> log)
    {
        _path = path;
        _onSpec = onSpec;
        _log = log;
        _timer = time.CreateTimer(_ => Check(), null, Interval, Interval);
    }

    /// <summary>Checks the file now, unless another thread is doing so.</summary>
    public void Check()
    {
        if (!_gate.TryEnter())
            return;
        try
        {
            var file = new FileInfo(_path);
            var found = file.Exists ? (file.Length, file.LastWriteTimeUtc, true) : (0, default, false);
            if (found == _seen)
                return;
            _seen = found;
            var problems = new List<Problem>();
            var spec = SpecFile.Read(_path, problems);
            var text = string.Join('\n', problems);
            if (text != _loggedProblems && text.Length > 0)
                _log(text + "\n       The agent keeps the last valid spec.");
            _loggedProblems = text;
            if (spec is not null)
                _onSpec(spec);
        }
        finally
        {
            _gate.Exit();
        }
    }

    public void Dispose() => _timer.Dispose();
}
