using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Watches a local file of duties: another content is handed in; one that cannot be used is told, and the last good one
/// stays.</summary>
internal sealed class DutiesWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly string _path;
    private readonly Action<Duties> _want;
    private readonly Action<string> _say;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private (long Length, DateTime Written, bool Exists) _seen;
    private string _said = "";

    /// <param name="path">The file.</param>
    /// <param name="want">Takes what it says.</param>
    /// <param name="say">Takes what is wrong with it.</param>
    public DutiesWatch(string path, Action<Duties> want, Action<string> say)
    {
        _path = path;
        _want = want;
        _say = say;
        _timer = new Timer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>Looks now.</summary>
    public void Look()
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
            var duties = DutiesFile.Read(_path, problems);
            var text = string.Join('\n', problems);
            if (text != _said && text.Length > 0)
                _say(text + "\n       The last duties that could be used stay.");
            _said = text;
            if (duties is not null)
                _want(duties);
        }
        finally
        {
            _gate.Exit();
        }
    }

    public void Dispose() => _timer.Dispose();
}
