namespace Sidestep.Lab.Live;

internal enum LiveAction
{
    None,
    Kill,
    Drain,
    Restore,
    Quit,
}

/// <summary>The meaning of a key: the server that is selected from then on, and the action on it.</summary>
internal readonly record struct LiveKeys(int Selected, LiveAction Action)
{
    /// <param name="selected">Index of the server that is selected now.</param>
    /// <param name="servers">How many there are.</param>
    public static LiveKeys Of(ConsoleKeyInfo key, int selected, int servers) => key switch
    {
        { KeyChar: >= '1' and <= '9' } when key.KeyChar - '1' < servers =>
            new LiveKeys(key.KeyChar - '1', LiveAction.None),
        { Key: ConsoleKey.UpArrow or ConsoleKey.LeftArrow } when servers > 0 =>
            new LiveKeys((selected + servers - 1) % servers, LiveAction.None),
        { Key: ConsoleKey.DownArrow or ConsoleKey.RightArrow } when servers > 0 =>
            new LiveKeys((selected + 1) % servers, LiveAction.None),
        { KeyChar: 'k' or 'K' } => new LiveKeys(selected, LiveAction.Kill),
        { KeyChar: 'd' or 'D' } => new LiveKeys(selected, LiveAction.Drain),
        { KeyChar: 'r' or 'R' } => new LiveKeys(selected, LiveAction.Restore),
        { KeyChar: 'q' or 'Q' } => new LiveKeys(selected, LiveAction.Quit),
        _ => new LiveKeys(selected, LiveAction.None),
    };
}
