namespace Sidestep.Model;

/// <summary>Says where the values of a configuration were written: lines of a file, parts of a request, fields of a
/// form.</summary>
public interface ISourceMap
{
    /// <summary>Locates a value.</summary>
    /// <param name="jsonPointer">The value as a JSON Pointer (RFC 6901), such as <c>/pools/0/servers/3/weight</c>. A
    /// value that is missing has the location of the mapping that should contain it.</param>
    SourceLocation Locate(string jsonPointer);
}

/// <summary>Where a value was written.</summary>
/// <param name="JsonPointer">The value as a JSON Pointer (RFC 6901); empty: the configuration as a whole.</param>
/// <param name="Line">Line in the text, from 1; 0: there is no text.</param>
/// <param name="Column">Column in the line, from 1, in UTF-16 code units; 0 without a line.</param>
public sealed record SourceLocation(string JsonPointer, int Line = 0, int Column = 0);
