namespace Sidestep.Control.Stores;

/// <summary>What happened to a file since it was last read.</summary>
[Flags]
internal enum FileChange
{
    /// <summary>Nothing is known.</summary>
    None = 0,

    /// <summary>It was written in place, or created: it may be incomplete.</summary>
    Written = 1,

    /// <summary>Another file or link took its name: it is complete.</summary>
    Replaced = 2,

    /// <summary>A reload was requested.</summary>
    Requested = 4,
}
