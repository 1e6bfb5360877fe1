using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Documents in JSON: the same messages as in YAML, at the place in the JSON text.</summary>
public sealed class JsonDocumentTests
{
    [Theory]
    [InlineData("{", "1:2: error: not JSON: ")]
    [InlineData("{\n  \"node\": {},\n}", "3:1: error: not JSON: ")]
    [InlineData("{ // comment\n}", "1:3: error: not JSON: ")]
    [InlineData("{} {}", "1:4: error: not JSON: ")]
    [InlineData("{\"é😀\": x}", "1:9: error: not JSON: ")]
    [InlineData("{\"a\": \"\\ud800\"}", "1:7: error: not JSON: an escape stands for half of a character.")]
    public void Text_that_is_no_JSON_is_reported_at_its_place(string text, string expected)
    {
        string line = Assert.Single(TestDocument.Lines(TestDocument.Read(text)));
        Assert.StartsWith(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_have_lines_and_columns_in_characters()
    {
        var lines = TestDocument.Lines(TestDocument.Read(
            "\n{ \"é😀\": 1, \"node\": { \"name\": \"Edge\" }, \"group\": {\n\t\"hashKey\": 7 } }"));

        Assert.Contains(lines, static l => l.StartsWith("2:3: error: é", StringComparison.Ordinal));
        Assert.Contains(lines, static l => l.StartsWith("2:31: error: node.name: Edge", StringComparison.Ordinal));
        Assert.Contains(lines, static l => l.StartsWith("3:13: error: group.hashKey: 7", StringComparison.Ordinal));
    }

    [Fact]
    public void Key_that_occurs_twice_is_an_error_with_both_lines() => Assert.Contains(
        "3:1: error: pools: this mapping has the key already. Keep one of the two. See line 2.",
        TestDocument.Lines(TestDocument.Read("{\n\"pools\": [],\n\"pools\": []\n}")));

    [Fact]
    public void Nesting_without_end_is_an_error_with_a_place()
    {
        string text = "{\"a\":" + new string('[', 100);
        Assert.StartsWith($"1:{5 + Limits.NestingDepth}: error: a[0][0]", Assert.Single(
            TestDocument.Lines(TestDocument.Read(text))), StringComparison.Ordinal);
    }

    [Fact]
    public void Byte_order_mark_and_other_line_breaks_are_accepted()
    {
        string text = "\uFEFF" + ConfigurationWriter.ToJson(TestDocument.Read(TestDocument.Valid).Configuration!)
            .Replace("\n", "\r\n", StringComparison.Ordinal);
        Assert.Empty(TestDocument.Lines(TestDocument.Read(text)));
    }

    [Fact]
    public void Number_in_quotes_is_an_error_as_in_YAML() => Assert.Contains(
        "group.flowTableSize: 2048: text, because it is in quotes. Remove the quotes.",
        TestDocument.Read("{\"group\": {\"flowTableSize\": \"2048\"}}").Errors.Select(static e => e.ToString()));
}
