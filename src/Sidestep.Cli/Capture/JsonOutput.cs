using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Captures;

namespace Sidestep.Cli.Capture;

/// <summary>Writes one JSON object per frame and line, for programs.</summary>
/// <param name="output">Where to write.</param>
public sealed class JsonOutput(TextWriter output) : ICaptureOutput
{
    /// <inheritdoc/>
    public void Write(FrameRecord frame) =>
        output.WriteLine(JsonSerializer.Serialize(frame, ApiJson.Default.FrameRecord));

    /// <inheritdoc/>
    public void Flush() => output.Flush();

    /// <summary>Flushes the writer, which belongs to the caller.</summary>
    public void Dispose() => Flush();
}
