using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Watches a local file of duties: another content is handed in; one that cannot be used is told, and the last good one
/// stays.</summary>
internal sealed class SpecWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly string _path;
    private readonly Action<ServerSpec> _onSpec;
    private readonly Action<string> _log;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private (long Length, DateTime Written, bool Exists) _seen;
    private string _loggedProblems = "";

    /// <param name="path">The file.</param>
    /// <param name="onSpec">Takes what it says.</param>
    /// <param name="log">Takes what is wrong with it.</param>
    public SpecWatch(string path, Action<ServerSpec> onSpec, Action<string> log)
    {
        _path = path;
        _onSpec = onSpec;
        _log = log;
        _timer = new Timer(_ => Check(), null, Interval, Interval);
    }

    /// <summary>Looks now.</summary>
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
                _log(text + "\n       The last duties that could be used stay.");
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
