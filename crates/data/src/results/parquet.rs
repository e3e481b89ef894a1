//! Tables as Parquet files: the columns of the CSV file with their types, in a third of its size.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::column::reader::{ColumnReader, get_typed_column_reader};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{ColumnPath, Type};
use bytes::Bytes;
use jiff::civil::DateTime;

use super::{Column, ResultsError, Table};

impl Table {
    /// Returns the table as a Parquet file, in one row group compressed with Snappy. Text is UTF8, a number an optional
    /// DOUBLE (NaN is null), a count an INT64, a time a TIMESTAMP in microseconds of local time without a time zone.
    /// The same table gives the same bytes.
    ///
    /// # Errors
    /// [`ResultsError::Parquet`] for a count above 2^63.
    pub fn to_parquet(&self) -> std::result::Result<Vec<u8>, ResultsError> {
        Ok(self.encode()?)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut file = ParquetTable::begin(Vec::new(), self)?;
        file.add(self)?;
        file.end()
    }

    /// Reads all row groups of a Parquet file that [`Table::to_parquet`] or a [`ParquetTable`] wrote.
    ///
    /// # Errors
    /// [`ResultsError::Parquet`] for bytes that are not such a file, and for columns of other types.
    pub fn from_parquet(bytes: Vec<u8>) -> std::result::Result<Self, ResultsError> {
        Ok(decode(&SerializedFileReader::new(Bytes::from(bytes))?)?)
    }
}

/// A writer of a Parquet file from several tables, each of which becomes a row group.
#[derive(Debug)]
pub struct ParquetTable<W: Write + Send>(SerializedFileWriter<W>);

impl<W: Write + Send> ParquetTable<W> {
    /// Creates the writer; the file has the columns of `like`.
    ///
    /// # Errors
    /// Any error of the Parquet library or of `writer`.
    pub fn begin(writer: W, like: &Table) -> Result<Self> {
        let fields = like.columns().iter().map(|(name, column)| column.field(name).map(Arc::new));
        let schema = Type::group_type_builder("table").with_fields(fields.collect::<Result<_>>()?).build()?;
        // Values of power hardly repeat: over a year of 80 columns a dictionary costs half of the writing time and
        // makes the file larger.
        let mut properties =
            WriterProperties::builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(false);
        // Neighbouring values of these columns differ little.
        for (name, column) in like.columns() {
            if matches!(column, Column::Fixed(_) | Column::Count(_)) {
                let path = ColumnPath::new(vec![name.clone()]);
                properties = properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
        }
        let properties = properties.build();
        Ok(Self(SerializedFileWriter::new(writer, Arc::new(schema), Arc::new(properties))?))
    }

    /// Writes the rows of a table with the same columns as a row group.
    ///
    /// # Errors
    /// As [`ParquetTable::begin`].
    pub fn add(&mut self, table: &Table) -> Result<()> {
        if table.rows() == 0 {
            return Ok(());
        }
        let mut group = self.0.next_row_group()?;
        for (_, column) in table.columns() {
            if let Some(mut writer) = group.next_column()? {
                column.encode(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        Ok(())
    }

    /// Writes the end of the file and returns the underlying writer.
    ///
    /// # Errors
    /// As [`ParquetTable::begin`].
    pub fn end(self) -> Result<W> {
        self.0.into_inner()
    }
}

/// Reads all rows of a file by the column types that the file declares.
fn decode(file: &SerializedFileReader<Bytes>) -> Result<Table> {
    let groups = (0..file.metadata().num_row_groups()).map(|index| file.get_row_group(index));
    let groups = groups.collect::<Result<Vec<_>>>()?;
    let mut table = Table::default();
    for (index, column) in file.metadata().file_metadata().schema_descr().columns().iter().enumerate() {
        let all = |read: &mut dyn FnMut(ColumnReader, usize) -> Result<()>| {
            groups.iter().try_for_each(|group| {
                let rows = usize::try_from(group.metadata().num_rows()).map_err(ParquetError::from)?;
                read(group.get_column_reader(index)?, rows)
            })
        };
        let read = match (column.physical_type(), column.logical_type_ref()) {
            (Physical::BYTE_ARRAY, Some(LogicalType::String)) => {
                let mut texts = Vec::new();
                all(&mut |reader, rows| {
                    let mut values = Vec::with_capacity(rows);
                    get_typed_column_reader::<ByteArrayType>(reader).read_records(rows, None, None, &mut values)?;
                    for value in &values {
                        texts.push(value.as_utf8()?.to_owned());
                    }
                    Ok(())
                })?;
                Column::Text(texts)
            }
            (Physical::DOUBLE, None) => {
                let mut numbers = Vec::new();
                all(&mut |reader, rows| {
                    let (mut values, mut present) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
                    let mut reader = get_typed_column_reader::<DoubleType>(reader);
                    reader.read_records(rows, Some(&mut present), None, &mut values)?;
                    let mut values = values.into_iter();
                    let cell = |level: &i16| if *level == 1 { values.next().unwrap_or(f64::NAN) } else { f64::NAN };
                    numbers.extend(present.iter().map(cell));
                    Ok(())
                })?;
                Column::Number(numbers)
            }
            (Physical::INT64, Some(LogicalType::Decimal(_))) => {
                let mut numbers = Vec::new();
                all(&mut |reader, rows| {
                    let (mut values, mut present) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
                    let mut reader = get_typed_column_reader::<Int64Type>(reader);
                    reader.read_records(rows, Some(&mut present), None, &mut values)?;
                    let mut values = values.into_iter();
                    #[expect(clippy::cast_precision_loss, reason = "they came from numbers")]
                    let mut next = || values.next().map_or(f64::NAN, |value| value as f64 / SCALE);
                    numbers.extend(present.iter().map(|level| if *level == 1 { next() } else { f64::NAN }));
                    Ok(())
                })?;
                Column::Fixed(numbers)
            }
            (Physical::INT64, logical) => {
                let mut counts: Vec<i64> = Vec::new();
                all(&mut |reader, rows| {
                    get_typed_column_reader::<Int64Type>(reader).read_records(rows, None, None, &mut counts)?;
                    Ok(())
                })?;
                match logical {
                    None => {
                        let counts = counts.into_iter().map(|count| usize::try_from(count).map_err(ParquetError::from));
                        Column::Count(counts.collect::<Result<_>>()?)
                    }
                    Some(_) => Column::Time(counts.into_iter().map(moment).collect::<Result<_>>()?),
                }
            }
            (physical, _) => return Err(ParquetError::General(format!("column {}: {physical}", column.name()))),
        };
        table.push(column.name(), read);
    }
    Ok(table)
}

impl Column {
    fn field(&self, name: &str) -> Result<Type> {
        let (physical, logical, repetition) = match self {
            Self::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
            Self::Number(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
            // The difference to the previous hour has a digit or two.
            Self::Fixed(_) => {
                let decimal = LogicalType::decimal(DECIMALS, PRECISION);
                let field = Type::primitive_type_builder(name, Physical::INT64).with_logical_type(Some(decimal));
                let field = field.with_precision(PRECISION).with_scale(DECIMALS);
                return field.with_repetition(Repetition::OPTIONAL).build();
            }
            Self::Count(_) => (Physical::INT64, None, Repetition::REQUIRED),
            Self::Time(_) => {
                let stamp = LogicalType::timestamp(false, TimeUnit::MICROS);
                (Physical::INT64, Some(stamp), Repetition::REQUIRED)
            }
        };
        Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition).build()
    }

    fn encode(&self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let written = match self {
            Self::Text(values) => {
                let values: Vec<ByteArray> = values.iter().map(|value| value.as_str().into()).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)
            }
            Self::Number(values) => {
                let present: Vec<i16> = values.iter().map(|value| i16::from(!value.is_nan())).collect();
                // Minus zero is written as zero, as in the CSV file.
                let values: Vec<f64> = values.iter().filter(|value| !value.is_nan()).map(|value| value + 0.0).collect();
                writer.typed::<DoubleType>().write_batch(&values, Some(&present), None)
            }
            Self::Fixed(values) => {
                let present: Vec<i16> = values.iter().map(|value| i16::from(!value.is_nan())).collect();
                #[expect(clippy::cast_possible_truncation, reason = "beyond 2^63 thousandths there is no energy")]
                let scaled = |value: &f64| (value * SCALE).round() as i64;
                let values: Vec<i64> = values.iter().filter(|value| !value.is_nan()).map(scaled).collect();
                writer.typed::<Int64Type>().write_batch(&values, Some(&present), None)
            }
            Self::Count(values) => {
                let values = values.iter().map(|&value| i64::try_from(value).map_err(ParquetError::from));
                writer.typed::<Int64Type>().write_batch(&values.collect::<Result<Vec<_>>>()?, None, None)
            }
            Self::Time(values) => {
                let values = values.iter().map(|&moment| microseconds(moment));
                writer.typed::<Int64Type>().write_batch(&values.collect::<Result<Vec<_>>>()?, None, None)
            }
        };
        written.map(drop)
    }
}

/// The number of decimals of [`Column::Fixed`], its number of digits, and the factor from a value to the stored
/// integer.
const DECIMALS: i32 = 3;
const PRECISION: i32 = 18;
const SCALE: f64 = 1e3;

const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// Returns the microseconds since 1970-01-01 00:00:00 in the same time zone.
fn microseconds(moment: DateTime) -> Result<i64> {
    i64::try_from(moment.duration_since(EPOCH).as_micros()).map_err(ParquetError::from)
}

/// Returns the moment that is `micros` microseconds after 1970-01-01 00:00:00.
fn moment(micros: i64) -> Result<DateTime> {
    EPOCH
        .checked_add(jiff::SignedDuration::from_micros(micros))
        .map_err(|error| ParquetError::General(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::data_type::DataType;
    use ::parquet::file::reader::RowGroupReader;
    use jiff::civil::date;
    use proptest::prelude::*;
    use std::fs::File;
    use std::io::Write;

    fn open(bytes: &[u8]) -> SerializedFileReader<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        SerializedFileReader::new(file).unwrap()
    }

    fn values<T: DataType>(group: &dyn RowGroupReader, index: usize, rows: usize) -> (Vec<T::T>, Vec<i16>) {
        let mut reader = get_typed_column_reader::<T>(group.get_column_reader(index).unwrap());
        let (mut values, mut present) = (Vec::new(), Vec::new());
        reader.read_records(rows, Some(&mut present), None, &mut values).unwrap();
        (values, present)
    }

    /// Returns the table in a Parquet file, read by the library's own record reader and by the types that the file
    /// declares.
    fn read(bytes: &[u8]) -> Table {
        let file = open(bytes);
        let rows = usize::try_from(file.metadata().file_metadata().num_rows()).unwrap();
        let group = (rows > 0).then(|| file.get_row_group(0).unwrap());
        let mut table = Table::default();
        for (index, column) in file.metadata().file_metadata().schema_descr().columns().iter().enumerate() {
            let group = group.as_deref();
            let integers = || group.map_or_else(Vec::new, |group| values::<Int64Type>(group, index, rows).0);
            let read = match (column.physical_type(), column.logical_type_ref()) {
                (Physical::BYTE_ARRAY, Some(LogicalType::String)) => {
                    let texts = group.map_or_else(Vec::new, |group| values::<ByteArrayType>(group, index, rows).0);
                    Column::Text(texts.iter().map(|text| text.as_utf8().unwrap().to_owned()).collect())
                }
                (Physical::DOUBLE, None) => {
                    assert!(column.self_type().is_optional());
                    let (numbers, present) =
                        group.map_or_else(Default::default, |group| values::<DoubleType>(group, index, rows));
                    let mut numbers = numbers.into_iter();
                    let cell = |level: &i16| if *level == 1 { numbers.next().unwrap() } else { f64::NAN };
                    Column::Number(present.iter().map(cell).collect())
                }
                (Physical::INT64, None) => {
                    Column::Count(integers().iter().map(|&count| usize::try_from(count).unwrap()).collect())
                }
                (Physical::INT64, Some(LogicalType::Timestamp(stamp))) => {
                    assert!(!stamp.is_adjusted_to_u_t_c && stamp.unit == TimeUnit::MICROS);
                    let moment = |&micros: &i64| {
                        date(1970, 1, 1).at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_micros(micros)).unwrap()
                    };
                    Column::Time(integers().iter().map(moment).collect())
                }
                other => panic!("{other:?}"),
            };
            table.push(column.name(), read);
        }
        table
    }

    /// Returns numbers as their bits, so that NaN and signs are compared too; minus zero is written as zero.
    fn bits(table: &Table) -> Vec<(String, Column)> {
        let exact = |column: &Column| match column {
            Column::Number(values) => {
                let bits = |value: &f64| if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() };
                Column::Text(values.iter().map(|value| bits(value).to_string()).collect())
            }
            other => other.clone(),
        };
        table.columns().iter().map(|(name, column)| (name.clone(), exact(column))).collect()
    }

    #[test]
    fn a_table_reads_back_with_its_names_gaps_and_moments() {
        let start = date(2016, 2, 28).at(23, 30, 0, 0);
        let mut table = Table::default();
        table.push(
            "timestamp",
            Column::Time((0..4).map(|hour| start + jiff::SignedDuration::from_hours(hour)).collect()),
        );
        table.push("home.1|pump, \"old\"|heat|output_kw", Column::Number(vec![1.5, f64::NAN, -0.0, f64::MIN_POSITIVE]));
        table.push("scheme", Column::Text(["picard", "", "Wärme", "picard"].map(str::to_owned).to_vec()));
        table.push("hours", Column::Count(vec![0, 1, 2, 1 << 40]));
        let bytes = table.to_parquet().unwrap();
        assert_eq!(bits(&read(&bytes)), bits(&table));
        let file = open(&bytes);
        let about = file.metadata().file_metadata();
        let writer = about.created_by().unwrap();
        let version = writer.strip_prefix("parquet-rs version ").unwrap();
        assert!(version.chars().all(|c| c.is_ascii_digit() || c == '.'), "no fact about the host: {writer}");
        assert!(about.key_value_metadata().is_none());
    }

    #[test]
    fn numbers_of_three_decimals_are_small() {
        let mut table = Table::default();
        let values: Vec<f64> = (0..8760).map(|hour| 15.0 + ((hour * 37) % 100) as f64 / 1e3).collect();
        table.push("temperature_c", Column::Fixed(values.clone()));
        table.push("step", Column::Count((0..8760).collect()));
        let bytes = table.to_parquet().unwrap();
        assert!(bytes.len() < 2 * values.len(), "{} bytes", bytes.len());
        let back = |bytes| match Table::from_parquet(bytes).unwrap().into_columns().swap_remove(0).1 {
            Column::Fixed(read) => read,
            other => panic!("{other:?}"),
        };
        let read = back(bytes);
        assert!(read.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-12));
        let mut table = Table::default();
        table.push("x", Column::Fixed(vec![f64::NAN, -0.0004, 1234567.8905, -2.5]));
        let read = back(table.to_parquet().unwrap());
        assert!(read[0].is_nan());
        assert_eq!(read[1..], [0.0, 1234567.891, -2.5]);
        assert_eq!(String::from_utf8(table.to_csv()).unwrap().lines().last(), Some("-2.500"));
    }

    #[test]
    fn tables_one_after_the_other_read_back_as_one() {
        let part = |from: usize| {
            let mut table = Table::default();
            table.push("n", Column::Count((from..from + 3).collect()));
            table.push("x", Column::Number(vec![f64::NAN, from as f64, 0.5]));
            table
        };
        let mut file = ParquetTable::begin(Vec::new(), &part(0)).unwrap();
        [0, 3].into_iter().for_each(|from| file.add(&part(from)).unwrap());
        let whole = Table::from_parquet(file.end().unwrap()).unwrap();
        assert_eq!(whole.columns()[0].1, Column::Count((0..6).collect()));
        let mut bytes = part(0).to_parquet().unwrap();
        bytes.truncate(bytes.len() - 9);
        assert!(Table::from_parquet(bytes).is_err());
    }

    #[test]
    fn a_table_without_rows_keeps_its_columns() {
        let mut table = Table::default();
        assert_eq!(read(&table.to_parquet().unwrap()), table);
        table.push("x", Column::Number(Vec::new()));
        table.push("t", Column::Time(Vec::new()));
        assert_eq!(read(&table.to_parquet().unwrap()), table);
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![3 => any::<f64>(), 1 => Just(f64::NAN), 2 => (-9i32..9).prop_map(f64::from)]
    }

    fn moment() -> impl Strategy<Value = DateTime> {
        (1900i16..2200, 1i8..=12, 1i8..=28, 0i8..24, 0i8..60)
            .prop_map(|(year, month, day, hour, minute)| date(year, month, day).at(hour, minute, 0, 0))
    }

    fn column(rows: usize) -> impl Strategy<Value = Column> {
        use proptest::collection::vec;
        prop_oneof![
            vec("\\PC{0,6}", rows).prop_map(Column::Text),
            vec(number(), rows).prop_map(Column::Number),
            vec(0..usize::MAX / 2, rows).prop_map(Column::Count),
            vec(moment(), rows).prop_map(Column::Time),
        ]
    }

    proptest! {
        #[test]
        fn any_table_reads_back_and_has_the_same_bytes_twice(
            columns in (0usize..300).prop_flat_map(|rows| proptest::collection::vec(("\\PC{1,9}", column(rows)), 0..9)),
        ) {
            let mut table = Table::default();
            for (index, (name, column)) in columns.into_iter().enumerate() {
                table.push(format!("{name}{index}"), column);
            }
            let bytes = table.to_parquet().unwrap();
            prop_assert!(bytes == table.to_parquet().unwrap());
            prop_assert_eq!(bits(&read(&bytes)), bits(&table));
            prop_assert_eq!(bits(&Table::from_parquet(bytes).unwrap()), bits(&table));
        }
    }
}
