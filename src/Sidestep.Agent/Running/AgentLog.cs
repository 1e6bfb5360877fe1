namespace Sidestep.Agent.Running;

/// <summary>The log of a running agent. All members are thread-safe.</summary>
/// <param name="write">Receives each event with its text; called by one thread at a time.</param>
internal sealed class AgentLog(Action<AgentEvent, string> write)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _last = [];

    public void Write(AgentEvent id, string text)
    {
        lock (_gate)
            write(id, text);
    }

    /// <summary>Logs a text unless it is the last one under the same key: an error that stays is logged once.</summary>
    public void WriteOnce(AgentEvent id, string key, string text)
    {
        lock (_gate)
        {
            if (_last.GetValueOrDefault(key) == text)
                return;
            _last[key] = text;
            write(id, text);
        }
    }

    /// <summary>The error of a key has ended: if it returns, it is logged again.</summary>
    public void Forget(string key)
    {
        lock (_gate)
            _last.Remove(key);
    }
}
