namespace Sidestep.Cli;

/// <summary>Says that the pinned tables answered instead of the daemon.</summary>
internal static class PinnedNote
{
    /// <summary>Writes one line.</summary>
    /// <param name="director">Name of the director.</param>
    /// <param name="error">Standard error.</param>
    internal static void Write(string director, TextWriter error) =>
        error.WriteLine($"note: no sidestepd listens for the director '{director}': its pinned tables were read");
}
