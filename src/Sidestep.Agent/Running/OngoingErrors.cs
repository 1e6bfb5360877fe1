namespace Sidestep.Agent.Running;

/// <summary>Errors that may last for many attempts. Each is logged when it begins and when it changes, not at every
/// attempt. All members are thread-safe.</summary>
internal sealed class OngoingErrors
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _texts = [];

    /// <summary>Notes the present error of an attempt.</summary>
    /// <param name="key">Names the attempt.</param>
    /// <param name="text">The error.</param>
    /// <returns>True: log it. False: it is the same text as the last one with this key.</returns>
    public bool IsNew(string key, string text)
    {
        lock (_gate)
        {
            if (_texts.GetValueOrDefault(key) == text)
                return false;
            _texts[key] = text;
            return true;
        }
    }

    /// <summary>The attempt has succeeded: if its error returns, it is new again.</summary>
    public void End(string key)
    {
        lock (_gate)
            _texts.Remove(key);
    }
}
