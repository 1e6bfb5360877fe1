using Sidestep.Api.Captures;

namespace Sidestep.Api;

/// <summary>A capture that the daemon of a director runs. Disposing it ends the capture.</summary>
/// <remarks>One reader at a time.</remarks>
public sealed class CaptureReader : IAsyncDisposable
{
    private readonly LineReader<CaptureLine> _lines;

    internal CaptureReader(LineReader<CaptureLine> lines) => _lines = lines;

    /// <summary>Frames that were not recorded so far.</summary>
    public CaptureLoss Loss { get; private set; } = new(0, 0);

    /// <summary>Waits for the next line.</summary>
    /// <returns>A frame; null: only <see cref="Loss"/> is new.</returns>
    /// <exception cref="DirectorException">The capture has ended.</exception>
    public async Task<FrameRecord?> ReadAsync()
    {
        var line = await _lines.ReadAsync().ConfigureAwait(false) ?? throw _lines.Incomplete();
        if (line.Problem is { } problem)
            throw _lines.Rejected(problem);
        Loss = line.Loss ?? Loss;
        return line.Frame;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _lines.DisposeAsync();
}
